"""A mail relay for tests: aiosmtpd, refusing `nobody@` for good and `later@` for now.

    relay.py FOLDER [--certificate FILE --key FILE] [--asks]

Prints its port. Each letter that it takes becomes a file in FOLDER: a line for every receiver, an empty line, the letter.
It ends when its standard input does.
"""

import argparse
import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

arguments = argparse.ArgumentParser()
arguments.add_argument("folder", type=pathlib.Path)
arguments.add_argument("--certificate")
arguments.add_argument("--key")
arguments.add_argument("--asks", action="store_true")
given = arguments.parse_args()


class Keeper:
    """Keeps what was taken."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such user"
        if address.startswith("later@"):
            return "450 try again"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        number = len(list(given.folder.iterdir()))
        receivers = "".join(f"{address}\n" for address in envelope.rcpt_tos)
        (given.folder / f"{number:04}").write_bytes(receivers.encode() + b"\n" + envelope.original_content)
        return "250 taken"


def known(server, session, envelope, mechanism, data):
    """Account `u` with password `p`."""
    return AuthResult(success=(data.login, data.password) == (b"u", b"p"), handled=False)


secured = None
if given.certificate:
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(given.certificate, given.key)
manner = dict(
    tls_context=secured,
    authenticator=known if given.asks else None,
    auth_required=given.asks,
    # Whether accounts travel only under encryption is the other side's to decide.
    auth_require_tls=False,
    hostname="localhost",
)


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Keeper(), loop=loop, **manner), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(serve())
