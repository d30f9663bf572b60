# SPDX-License-Identifier: GPL-2.0-or-later
"""What counts for the measurements of the realms of a trace, from the log of their commands."""

import argparse
import struct
from dataclasses import dataclass, field

from measurement import GRANULE, CannotMeasure, Data, RealmParams, Rec, digest, entry_size, ripas_entries
from trace_log import NotATrace, commands_of

PAGE_LEVEL = 3
PARAM_NAMES = ("flags", "s2sz", "sve_vl", "num_bps", "num_wps", "pmu_num_ctrs", "hash_algo")
GPR_NAMES = tuple(f"x{n}" for n in range(8))


@dataclass
class Given:
    """What the caller knows and a trace without `measure` events doesn't show."""

    realm: dict = field(default_factory=dict)
    recs: dict = field(default_factory=dict)  # number of the REC in order of creation -> parameters
    images: list = field(default_factory=list)  # (IPA, bytes)

    def granule_at(self, ipa):
        """The content of a granule by the images, or None where none touches it."""
        content, touched = bytearray(GRANULE), False
        for base, image_bytes in self.images:
            begin, end = max(base, ipa), min(base + len(image_bytes), ipa + GRANULE)
            if begin < end:
                content[begin - ipa:end - ipa] = image_bytes[begin - base:end - base]
                touched = True
        return bytes(content) if touched else None


def numbers(text):
    """KEY=VALUE,... as a dictionary; for options."""
    try:
        pairs = [pair.split("=", 1) for pair in text.split(",") if pair]
        values = {name.strip(): int(value, 0) for name, value in pairs}
    except ValueError:
        raise argparse.ArgumentTypeError(f"not KEY=VALUE,...: {text}") from None
    unknown = set(values) - {*PARAM_NAMES, "pc", *GPR_NAMES}
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {' '.join(sorted(unknown))}")
    return values


def numbered_rec(text):
    number, _, values = text.partition(":")
    return int(number, 0), numbers(values)


def image(text):
    ipa, _, name = text.partition("=")
    try:
        with open(name, "rb") as file:
            return int(ipa, 0), file.read()
    except (OSError, ValueError) as problem:
        raise argparse.ArgumentTypeError(f"not IPA=FILE: {text}: {problem}") from None


class Tables:
    """Which translation tables a realm has: what decides at which level a walk ends (B3.78)."""

    def __init__(self):
        self.tables = set()  # (level, first IPA)
        self.start_level = None

    def at(self, ipa, level):
        return level, ipa - ipa % entry_size(level - 1)

    def create(self, ipa, level):
        # The first one below the start level's hangs there: RMI_RTT_CREATE wants the walk to end one level above.
        self.start_level = level - 1 if self.start_level is None else self.start_level
        self.tables.add(self.at(ipa, level))

    def destroy(self, ipa, level):
        self.tables.discard(self.at(ipa, level))

    def walk(self, ipa, tables):
        """The level at which a walk to the page level ended when the realm had `tables`. To be asked when the whole
        trace is read: the start level shows in the first table below it, which may come later."""
        if self.start_level is None:
            raise CannotMeasure("the realm has no table below its start level, which only a `measure` event tells")
        level = self.start_level
        while level < PAGE_LEVEL and self.at(ipa, level + 1) in tables:
            level += 1
        return level


class Realm:
    """A realm of a trace: what was measured, as far as the trace knows it."""

    def __init__(self, command):
        self.rd = command.args["rd"]
        self.line = command.line
        self.shown = self.measure_event(command, "realm")
        self.tables = Tables()
        self.log = []  # (command, tables of that moment where they matter)
        self.read_by_realm = []  # values of RSI_MEASUREMENT_READ
        if self.shown and "rtt_level_start" in self.shown:
            self.tables.start_level = int(str(self.shown["rtt_level_start"]), 0)

    @staticmethod
    def measure_event(command, kind):
        found = [e for e in command.inner if e["e"] == "measure" and e["type"] == kind]
        return found[0] if found else None

    def apply(self, command):
        """Notes a successful command on this realm."""
        args = command.args
        if command.name == "RMI_RTT_CREATE":
            self.tables.create(args["ipa"], args["level"])
        elif command.name in ("RMI_RTT_DESTROY", "RMI_RTT_FOLD"):
            self.tables.destroy(args["ipa"], args["level"])
        elif command.name == "RMI_RTT_INIT_RIPAS":
            self.log.append((command, frozenset(self.tables.tables)))
        elif command.name in ("RMI_DATA_CREATE", "RMI_REC_CREATE"):
            self.log.append((command, None))

    def params(self, given):
        if self.shown:
            return RealmParams(**{name: int(str(self.shown[name]), 0) for name in PARAM_NAMES})
        if not given.realm:
            raise CannotMeasure(f"line {self.line}: RMI_REALM_CREATE: the trace lacks the realm's parameters; give "
                                "--realm, or record a `measure` event of type realm")
        return RealmParams(**given.realm)

    def events(self, given):
        """The measured events in order. `given` fills what the trace lacks."""
        hash_algo = self.params(given).hash_algo
        found, number_of_rec = [], 0
        for command, tables in self.log:
            if command.name == "RMI_DATA_CREATE":
                found.append(self.data(command, given, hash_algo))
            elif command.name == "RMI_REC_CREATE":
                found.append(self.rec(command, number_of_rec, given))
                number_of_rec += 1
            else:
                found += self.ripas(command, self.tables.walk(command.args["base"], tables))
        return found

    def data(self, command, given, hash_algo):
        args = command.args
        event = Data(args["ipa"], args["flags"])
        if not event.flags & 1:
            return event
        shown = self.measure_event(command, "data")
        event.content = given.granule_at(event.ipa)
        event.content_digest = bytes.fromhex(shown["digest"]) if shown and shown.get("digest") else None
        if event.content is None and event.content_digest is None:
            raise CannotMeasure(f"line {command.line}: RMI_DATA_CREATE at IPA {event.ipa:#x}: the trace lacks the "
                                "content; give --image, or record a `measure` event of type data with its digest")
        if event.content is not None and event.content_digest is not None \
                and digest(hash_algo, event.content) != event.content_digest:
            raise CannotMeasure(f"line {command.line}: RMI_DATA_CREATE at IPA {event.ipa:#x}: the content given by "
                                "--image isn't what the trace's digest is of")
        return event

    def rec(self, command, number, given):
        shown = self.measure_event(command, "rec")
        if shown:
            return Rec(int(shown["flags"], 0), int(shown["pc"], 0), [int(text, 0) for text in shown["gprs"]])
        if number not in given.recs:
            raise CannotMeasure(f"line {command.line}: RMI_REC_CREATE: the trace lacks the parameters of REC {number}; "
                                f"give --rec {number}:flags=...,pc=..., or record a `measure` event of type rec")
        values = given.recs[number]
        return Rec(values.get("flags", 0), values.get("pc", 0), [values.get(name, 0) for name in GPR_NAMES])

    @staticmethod
    def ripas(command, level):
        base, top = command.args["base"], command.outputs["out_top"]
        entries = ripas_entries(base, top, level)
        shown = [(int(e["base"], 0), int(e["top"], 0)) for e in command.inner
                 if e["e"] == "measure" and e["type"] == "ripas"]
        if shown and shown != [(entry.base, entry.top) for entry in entries]:
            raise CannotMeasure(f"line {command.line}: RMI_RTT_INIT_RIPAS {base:#x}..{top:#x}: the monitor measured "
                                f"{len(shown)} entries, the walk ends at level {level} and has {len(entries)}")
        return entries


def realms_of(lines):
    """The realms that a trace creates, in order. An RD that is used again is another realm."""
    created, by_rd, by_rec = [], {}, {}
    try:
        for command in commands_of(lines):
            if command.interface == "rsi":
                note_read(command, by_rec.get(command.rec))
            elif not command.succeeded:
                continue
            elif command.name == "RMI_REALM_CREATE":
                by_rd[command.args["rd"]] = Realm(command)
                created.append(by_rd[command.args["rd"]])
            elif command.args.get("rd") in by_rd:
                realm = by_rd[command.args["rd"]]
                realm.apply(command)
                if command.name == "RMI_REC_CREATE":
                    by_rec[command.args["rec"]] = realm
    except NotATrace as problem:
        raise CannotMeasure(f"the trace can't be read: {problem}") from problem
    return created


def note_read(command, realm):
    """RSI_MEASUREMENT_READ of the RIM (index 0): X1 to X8 are the value's bytes in order (B5.3.8)."""
    if realm and command.name == "RSI_MEASUREMENT_READ" and command.succeeded and command.args.get("index") == 0:
        value = struct.pack(f"<{len(command.outputs)}Q", *command.outputs.values())
        if value not in realm.read_by_realm:
            realm.read_by_realm.append(value)
