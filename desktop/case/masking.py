"""How much of what identifies a person is shown before an officer asks for it: enough to tell two apart, no more."""

DOT = "•"


def phone(number: str) -> str:
    """Only the last two digits."""
    digits = sum(character.isdigit() for character in number)
    seen = 0
    masked = []
    for character in number:
        if character.isdigit():
            seen += 1
            masked.append(character if seen > digits - 2 else DOT)
        else:
            masked.append(character)
    return "".join(masked)


def email(address: str) -> str:
    """The first letter and the domain."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}{DOT * 4}{at}{domain}" if at else account(address)


def account(name: str) -> str:
    """The first letter. Never the length: that alone may tell who it is."""
    return f"{name[:1]}{DOT * 5}"


def address(ip: str) -> str:
    """Nothing of a network address."""
    return DOT * 8 if ip else ""
