"""Keys, envelopes, sealed blobs and signatures: the only feature that may import `cryptography`."""

from intelhub.crypto.auditors import AuditorsKey, open_as_auditor
from intelhub.crypto.blobs import open_blob, seal_blob
from intelhub.crypto.envelope import (
    ContentContext,
    Kek,
    KekScope,
    SealedContent,
    content_digest,
    open_part,
    open_parts,
    rewrap,
    seal_content,
)
from intelhub.crypto.framing import lp, row_value
from intelhub.crypto.hardening import Hardening, harden_process
from intelhub.crypto.key_file import (
    RootKeys,
    add_data_root,
    change_passphrase,
    create_key_file,
    drop_retired_roots,
    is_demo_key_file,
    open_auditors_key,
    open_key_file,
)
from intelhub.crypto.models import KekRow
from intelhub.crypto.padding import size_class
from intelhub.crypto.pseudonyms import Pseudonyms
from intelhub.crypto.queries import KeysInForce, is_replaced_since, keys_in_force, list_retired, roots_in_use
from intelhub.crypto.refusals import (
    AuditorsPassphraseMissing,
    DemoKeyRefused,
    KeyFileDamaged,
    KeyFileExists,
    KeyFileExposed,
    KeyFileMissing,
    KeyFileProblem,
    KeyFileUnreadable,
    KeyGone,
    KeysNotOpen,
    KeysOfAnotherInstallation,
    PassphraseRefused,
    RootUnknown,
    WrongPassphrase,
)
from intelhub.crypto.rotation import rotate_kek, rotate_root
from intelhub.crypto.vault import Vault, vault_of, verify_checkpoint
from intelhub.platform.errors import Tampered

__all__ = [
    "AuditorsKey",
    "AuditorsPassphraseMissing",
    "ContentContext",
    "DemoKeyRefused",
    "Hardening",
    "Kek",
    "KekRow",
    "KekScope",
    "KeyFileDamaged",
    "KeyFileExists",
    "KeyFileExposed",
    "KeyFileMissing",
    "KeyFileProblem",
    "KeyFileUnreadable",
    "KeyGone",
    "KeysInForce",
    "KeysNotOpen",
    "KeysOfAnotherInstallation",
    "PassphraseRefused",
    "Pseudonyms",
    "RootKeys",
    "RootUnknown",
    "SealedContent",
    "Tampered",
    "Vault",
    "WrongPassphrase",
    "add_data_root",
    "change_passphrase",
    "content_digest",
    "create_key_file",
    "drop_retired_roots",
    "harden_process",
    "is_demo_key_file",
    "is_replaced_since",
    "keys_in_force",
    "list_retired",
    "lp",
    "open_as_auditor",
    "open_auditors_key",
    "open_blob",
    "open_key_file",
    "open_part",
    "open_parts",
    "rewrap",
    "roots_in_use",
    "rotate_kek",
    "rotate_root",
    "row_value",
    "seal_blob",
    "seal_content",
    "size_class",
    "vault_of",
    "verify_checkpoint",
]
