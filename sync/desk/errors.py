"""What can go wrong at a desk that its user can do something about, each with its sentence.

None of them is ever a reason to delete or reset anything.
"""

from sync.words import SpokenError, mark


class DeskError(SpokenError):
    """A failure at this PC that its user can do something about."""


# ---- the home and its database --------------------------------------------------------------------------------


class HomeUnreadableError(DeskError):
    """The home is not a folder this user may read and write."""

    sentence = mark(
        "The folder {folder} cannot be read or written. Check its owner, or choose another with --home."
    )


class PassphraseNeededError(DeskError):
    """The key is wrapped, and nobody is there to ask for the passphrase."""

    sentence = mark(
        "The passphrase of this PC is needed. Start from a terminal, or name a file that holds it in "
        "KOTA_DESK_PASSPHRASE_FILE."
    )


class WrongPassphraseError(DeskError):
    """The wrapped key did not unwrap."""

    sentence = mark("The passphrase of this PC is wrong. Try again; nothing was changed.")


class KeyMissingError(DeskError):
    """There is a database, but its key is in no store we know."""

    sentence = mark(
        "The key to the alerts on this PC was not found. Log in to Windows or Linux as the user who enrolled the "
        "PC, or phone Kota; do not delete anything."
    )


class WrongKeyError(DeskError):
    """The database does not open under the key of this home."""

    sentence = mark(
        "The alerts on this PC do not open with its key: the file is another one, or damaged. Phone Kota; do not "
        "delete anything."
    )


class DatabaseNewerError(DeskError):
    """A later version has migrated the database; it was not touched."""

    sentence = mark(
        "The alerts on this PC were saved by a newer version of this program. Install that version; nothing was "
        "changed."
    )


class DatabaseDamagedError(DeskError):
    """SQLite found pages that cannot be right."""

    sentence = mark("The alerts on this PC are damaged. Phone Kota; do not delete anything.")


class FeedBrokenError(DeskError):
    """An event is missing, or is not the one that was stored."""

    sentence = mark(
        "The alerts on this PC were changed or are incomplete from number {number} on. Phone Kota; do not delete "
        "anything."
    )


class LogBrokenError(DeskError):
    """An entry is missing, or is not the one that was made."""

    sentence = mark(
        "The entries of this PC were changed or are incomplete from number {number} on. Phone Kota; do not delete "
        "anything."
    )


class DatabaseBusyError(DeskError):
    """Another process kept the write lock beyond the waiting time."""

    sentence = mark("Another program is holding the alerts on this PC. Wait a moment and try again.")


class DiskFullError(DeskError):
    """Nothing of the transaction was stored."""

    sentence = mark("The disk of this PC is full, so this was not saved. Make room and try again.")


class DiskFailingError(DeskError):
    """The operating system could not read or write the file; nothing of the transaction was stored."""

    sentence = mark(
        "The disk of this PC could not be read or written, so this was not saved. Try again; if it happens again, "
        "phone Kota and have the disk replaced."
    )


class NoRoomForBackupError(DeskError):
    """A copy would leave too little of the disk free."""

    sentence = mark("The disk of this PC has no room for a backup. Make room and try again.")


class DatabaseInUseError(DeskError):
    """The database is damaged, and another process has it open: it cannot be salvaged under its feet."""

    sentence = mark(
        "The alerts on this PC are damaged and must be salvaged. Close every other kota-desk on this PC and start "
        "again; do not delete anything."
    )


class WipedError(DeskError):
    """Kota had this PC destroy its alerts."""

    sentence = mark(
        "Kota had the alerts on this PC destroyed. If this PC is to be a desk again, ask Kota for an enrolment file."
    )


# ---- enrolment ------------------------------------------------------------------------------------------------


class NotEnrolledError(DeskError):
    """The home has no device of Kota's yet."""

    sentence = mark("This PC is not enrolled. Run kota-desk enrol --file FILE with the file from Kota.")


class IdentityLostError(NotEnrolledError):
    """The database was damaged, and neither it nor a backup says which device this is."""

    sentence = mark(
        "The file with the alerts on this PC was damaged, and it could not be read which desk this PC is. The file is "
        "kept. Ask Kota for a new enrolment file; what could be saved is sent once this PC is enrolled."
    )


class AlreadyEnrolledError(DeskError):
    """The home belongs to a device; another enrolment needs another home."""

    sentence = mark("This PC is already enrolled for {unit}. Nothing was changed.")


class EnrolmentFileUnreadableError(DeskError):
    """The file is not there, or is not what Kota wrote."""

    sentence = mark("The enrolment file {file} cannot be read. Ask Kota for a new one.")


class InvitationMissingError(DeskError):
    """The command line says neither where Kota is nor with which code."""

    sentence = mark("Name the enrolment file with --file, or give --server, --ca and --code together.")


class CertificateUnreadableError(DeskError):
    """The text given as Kota's certificate authority is none."""

    sentence = mark("The certificate of Kota cannot be read. Ask Kota for the enrolment file anew.")


class ServerAddressError(DeskError):
    """Not an https address with a host."""

    sentence = mark("{server} is not an address of Kota. It begins with https://; ask Kota for it.")


class CodeUnknownError(DeskError):
    """Kota never gave out this code."""

    sentence = mark("Kota does not know this enrolment code. Check it, or ask Kota for a new one.")


class CodeExpiredError(DeskError):
    """The code was good once."""

    sentence = mark("This enrolment code has expired. Ask Kota for a new one.")


class CodeUsedError(DeskError):
    """The code belongs to another key pair by now."""

    sentence = mark("This enrolment code has already enrolled another PC. Ask Kota for a new one.")


# ---- Kota, when a person waits for it -------------------------------------------------------------------------


class KotaUnreachableError(DeskError):
    """No answer at all."""

    sentence = mark("Kota cannot be reached. Everything is saved here; check the network and try again.")


class ServerNotTrustedError(DeskError):
    """TLS refused the server."""

    sentence = mark(
        "The server that answered is not the Kota this PC was told to trust. Check the date of this PC and the "
        "enrolment file, then phone Kota."
    )


class NotKotaServerError(DeskError):
    """An answer came, but not from a Kota."""

    sentence = mark(
        "Something other than Kota answered, perhaps a network log-in page. Log in to the network, or check the "
        "address."
    )


class KotaBusyError(DeskError):
    """Kota asked to wait."""

    sentence = mark("Kota is busy. Everything is saved here; try again in a minute.")


class DeviceRevokedError(DeskError):
    """Kota no longer deals with this device."""

    sentence = mark("Kota has struck this PC off. Everything stays saved here; phone Kota.")


class DeviceForgottenError(DeskError):
    """Kota was restored from a backup from before this PC was enrolled."""

    sentence = mark(
        "Kota does not know this PC any more: it was probably restored from an older backup. Everything stays saved "
        "here. Ask Kota for an enrolment file and run kota-desk enrol --file FILE."
    )


class ProgramOutdatedError(DeskError):
    """Kota takes no entries of this version any more."""

    sentence = mark(
        "This program is too old to deliver entries to Kota. Everything is saved here; install the new version."
    )


class HistoryDiffersError(DeskError):
    """Feed or log of the two ends cannot both be right."""

    sentence = mark(
        "The history on this PC and the one at Kota differ. Nothing was overwritten; everything stays saved here. "
        "Phone Kota."
    )


# ---- officers and what they do --------------------------------------------------------------------------------


class FileUnreadableError(DeskError):
    """A file named on the command line."""

    sentence = mark("The file {file} cannot be read. Check its name.")


class WrongPasswordError(DeskError):
    """Unknown officer or wrong password: one error for both, so that it tells nobody which."""

    sentence = mark("The officer's ID or the password is wrong. Try again.")


class UnknownAlertError(DeskError):
    """No event of the feed has brought this alert."""

    sentence = mark("There is no alert {alert} on this PC. Check its number.")


class TextNotAcceptedError(DeskError):
    """The entry would not be one that the other end can read."""

    sentence = mark(
        "The text is empty or too long. Write between 1 and {limit} characters; nothing was saved."
    )
