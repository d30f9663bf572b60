# SPDX-License-Identifier: GPL-2.0-or-later
"""What is read from a trace, on traces written here."""

import contextlib
import hashlib
import io
import json
import pathlib
import tempfile
import unittest

import rim as command
from measured_realm import Given, realms_of
from measurement import GRANULE, CannotMeasure, Data, RealmParams, Rec, rim, ripas_entries

RD, REC = 0x80010000, 0x80020000
PARAMS = RealmParams(s2sz=33, num_bps=1, num_wps=1)
GIVEN = Given(realm={"s2sz": 33, "num_bps": 1, "num_wps": 1}, recs={0: {"flags": 1, "pc": 0x80000000}},
              images=[(0x80000000, b"image" * 1000)])


class Trace:
    def __init__(self):
        self.lines = [json.dumps({"ccasim_trace": 1, "rmm": "1.0-rel0", "time": "virtual ns"})]

    def add(self, actor, event, **values):
        self.lines.append(json.dumps({"t": 0, "a": actor, "e": event, **values}))

    def begin(self, name, actor=0, caller=0, **args):
        self.add(actor, "call", interface=name[:3].lower(), name=name, fid="0x0", pe=0, rec=hex(caller),
                 args={key: hex(value) for key, value in args.items()})

    def end(self, name, actor=0, x0=0, outputs=None):
        self.add(actor, "return", interface=name[:3].lower(), name=name, pe=0, status="", x0=hex(x0), failed="",
                 outputs={key: hex(value) for key, value in (outputs or {}).items()})

    def command(self, name, actor=0, x0=0, outputs=None, measure=(), **args):
        self.begin(name, actor, **args)
        for event in measure:
            self.add(actor, "measure", **event)
        self.end(name, actor, x0, outputs)

    def realm(self, rd=RD, **more):
        self.command("RMI_REALM_CREATE", rd=rd, params_ptr=0x1000, **more)
        self.command("RMI_RTT_CREATE", rd=rd, rtt=0, ipa=0x80000000, level=2)
        self.command("RMI_RTT_CREATE", rd=rd, rtt=0, ipa=0x80000000, level=3)

    def ripas(self, base, top, out_top, **more):
        self.command("RMI_RTT_INIT_RIPAS", rd=RD, base=base, top=top, outputs={"out_top": out_top}, **more)


def granule(number):
    return (b"image" * 1000).ljust(2 * GRANULE, b"\0")[number * GRANULE:][:GRANULE]


class Log(unittest.TestCase):
    def setUp(self):
        self.trace = Trace()
        self.trace.realm()

    def measured(self, given=GIVEN, index=0):
        realm = realms_of(self.trace.lines)[index]
        return rim(realm.params(given), realm.events(given))

    def test_all_kinds_of_events(self):
        self.trace.command("RMI_DATA_CREATE", rd=RD, data=0, ipa=0x80000000, src=0, flags=1)
        self.trace.command("RMI_DATA_CREATE", rd=RD, data=0, ipa=0x80001000, src=0, flags=1)
        self.trace.command("RMI_DATA_CREATE", rd=RD, data=0, ipa=0x80002000, src=0, flags=0)
        self.trace.command("RMI_REC_CREATE", rd=RD, rec=REC, params_ptr=0)
        self.trace.ripas(0x80003000, 0x80400000, 0x80200000)
        self.trace.ripas(0x80200000, 0x80400000, 0x80400000)
        self.assertEqual(self.measured(), rim(PARAMS, [
            Data(0x80000000, 1, granule(0)), Data(0x80001000, 1, granule(1)), Data(0x80002000, 0),
            Rec(1, 0x80000000), *ripas_entries(0x80003000, 0x80200000, 3),
            *ripas_entries(0x80200000, 0x80400000, 2)]))

    def test_what_failed_and_unmeasured_data_do_not_count(self):
        self.trace.command("RMI_DATA_CREATE", rd=RD, data=0, ipa=0x80000000, src=0, flags=1, x0=0x304)
        self.trace.ripas(0x80000000, 0x80200000, 0, x0=0x304)
        self.trace.command("RMI_DATA_CREATE_UNKNOWN", rd=RD, data=0, ipa=0x80000000)
        self.assertEqual(self.measured(), rim(PARAMS, []))

    def test_a_table_that_is_gone_leaves_a_larger_entry(self):
        self.trace.command("RMI_RTT_DESTROY", rd=RD, ipa=0x80000000, level=3)
        self.trace.ripas(0x80000000, 0x80200000, 0x80200000)
        self.assertEqual(self.measured(), rim(PARAMS, ripas_entries(0x80000000, 0x80200000, 2)))

    def test_a_folded_table_too_and_one_made_again(self):
        self.trace.command("RMI_RTT_FOLD", rd=RD, ipa=0x80000000, level=3)
        self.trace.ripas(0x80000000, 0x80200000, 0x80200000)
        self.trace.command("RMI_RTT_CREATE", rd=RD, rtt=0, ipa=0x80000000, level=3)
        self.trace.ripas(0x80000000, 0x80001000, 0x80001000)
        self.assertEqual(self.measured(), rim(PARAMS, [*ripas_entries(0x80000000, 0x80200000, 2),
                                                       *ripas_entries(0x80000000, 0x80001000, 3)]))

    def test_an_entry_of_the_start_level(self):
        self.trace.ripas(0x40000000, 0x80000000, 0x80000000)
        self.assertEqual(self.measured(), rim(PARAMS, ripas_entries(0x40000000, 0x80000000, 1)))

    def test_realms_are_kept_apart_and_an_rd_may_be_used_again(self):
        self.trace.realm(rd=0x80090000)
        self.trace.command("RMI_DATA_CREATE", rd=0x80090000, data=0, ipa=0x80000000, src=0, flags=1)
        self.trace.realm()
        self.assertEqual(self.measured(index=0), rim(PARAMS, []))
        self.assertEqual(self.measured(index=1), rim(PARAMS, [Data(0x80000000, 1, granule(0))]))
        self.assertEqual(self.measured(index=2), rim(PARAMS, []))

    def test_commands_of_two_actors_may_interleave(self):
        self.trace.begin("RMI_DATA_CREATE", actor=1, rd=RD, data=0, ipa=0x80000000, src=0, flags=0)
        self.trace.begin("RMI_DATA_CREATE", actor=2, rd=RD, data=0, ipa=0x80001000, src=0, flags=0)
        self.trace.end("RMI_DATA_CREATE", actor=2)
        self.trace.end("RMI_DATA_CREATE", actor=1)
        self.assertEqual(self.measured(), rim(PARAMS, [Data(0x80001000, 0), Data(0x80000000, 0)]))

    def test_what_is_missing_is_named(self):
        for name, arguments, given, named in (
                ("RMI_DATA_CREATE", {"data": 0, "ipa": 0x90000000, "src": 0, "flags": 1}, GIVEN, "0x90000000.*--image"),
                ("RMI_REC_CREATE", {"rec": REC, "params_ptr": 0}, Given(realm=GIVEN.realm), "REC 0.*--rec 0:"),
                ("RMI_REC_CREATE", {"rec": REC, "params_ptr": 0}, Given(), "parameters.*--realm")):
            trace = Trace()
            trace.realm()
            trace.command(name, rd=RD, **arguments)
            with self.assertRaisesRegex(CannotMeasure, f"line [0-9]+.*{named}"):
                realms_of(trace.lines)[0].events(given)

    def test_what_is_no_trace_is_said(self):
        for lines, named in (([], ""), (["{}"], "line 1.*ccasim run --trace"),
                             (self.trace.lines + ["{"], f"line {len(self.trace.lines) + 1}")):
            if not lines:
                self.assertEqual(realms_of(lines), [])
                continue
            with self.assertRaisesRegex(CannotMeasure, named):
                realms_of(lines)


class MeasureEvents(unittest.TestCase):
    """With `measure` events a trace needs nothing beside it."""

    def test_they_are_enough(self):
        content = bytes(range(16)) * 256
        trace = Trace()
        trace.realm(measure=[{"rd": hex(RD), "type": "realm", "flags": "0x0", "s2sz": "0x21", "sve_vl": "0x0",
                              "num_bps": "0x1", "num_wps": "0x1", "pmu_num_ctrs": "0x0", "hash_algo": "0x1",
                              "rtt_level_start": "0x1"}])
        trace.command("RMI_DATA_CREATE", rd=RD, data=0, ipa=0x80000000, src=0, flags=1, measure=[
            {"rd": hex(RD), "type": "data", "ipa": "0x80000000", "flags": "0x1",
             "digest": hashlib.sha512(content).hexdigest()}])
        trace.command("RMI_REC_CREATE", rd=RD, rec=REC, params_ptr=0, measure=[
            {"rd": hex(RD), "type": "rec", "flags": "0x1", "pc": "0x80000000", "gprs": ["0x7"] + ["0x0"] * 7}])
        trace.ripas(0x80001000, 0x80003000, 0x80003000, measure=[
            {"rd": hex(RD), "type": "ripas", "base": hex(a), "top": hex(a + GRANULE)}
            for a in (0x80001000, 0x80002000)])
        realm = realms_of(trace.lines)[0]
        params = RealmParams(s2sz=33, num_bps=1, num_wps=1, hash_algo=1)
        self.assertEqual(rim(realm.params(Given()), realm.events(Given())), rim(params, [
            Data(0x80000000, 1, content), Rec(1, 0x80000000, [7] + [0] * 7),
            *ripas_entries(0x80001000, 0x80003000, 3)]))

    def test_entries_that_the_walk_contradicts_are_said(self):
        trace = Trace()
        trace.realm()
        trace.ripas(0x80000000, 0x80002000, 0x80002000, measure=[
            {"rd": hex(RD), "type": "ripas", "base": "0x80000000", "top": "0x80002000"}])
        with self.assertRaisesRegex(CannotMeasure, "1 entries.*level 3.*2"):
            realms_of(trace.lines)[0].events(GIVEN)

    def test_a_digest_that_the_image_contradicts_is_said(self):
        trace = Trace()
        trace.realm()
        trace.command("RMI_DATA_CREATE", rd=RD, data=0, ipa=0x80000000, src=0, flags=1, measure=[
            {"rd": hex(RD), "type": "data", "ipa": "0x80000000", "flags": "0x1", "digest": "00" * 32}])
        with self.assertRaisesRegex(CannotMeasure, "0x80000000.*--image"):
            realms_of(trace.lines)[0].events(GIVEN)


class Command(unittest.TestCase):
    def run_with(self, *options, value=None):
        """Exit code and output for a trace whose realm reads `value` as its RIM, over two entries of its REC."""
        trace = Trace()
        trace.realm()
        trace.command("RMI_REC_CREATE", rd=RD, rec=REC, params_ptr=0)
        if value is not None:
            words = {f"value_{i}": int.from_bytes(value.ljust(64, b"\0")[8 * i:8 * i + 8], "little") for i in range(8)}
            trace.begin("RMI_REC_ENTER", actor=1, rec=REC, run_ptr=0)
            trace.begin("RSI_MEASUREMENT_READ", actor=1, caller=REC, index=0)
            trace.end("RMI_REC_ENTER", actor=1)
            trace.begin("RMI_REC_ENTER", actor=2, rec=REC, run_ptr=0)
            trace.end("RSI_MEASUREMENT_READ", actor=2, outputs=words)
            trace.end("RMI_REC_ENTER", actor=2)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "trace")
            file.write_text("\n".join(trace.lines) + "\n", encoding="utf-8")
            out = io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                code = command.main([str(file), *options])
        return code, out.getvalue()

    OPTIONS = ("--realm", "s2sz=33,num_bps=1,num_wps=1", "--rec", "0:flags=1,pc=0x80000000")
    RIGHT = rim(PARAMS, [Rec(1, 0x80000000)])

    def test_the_realm_reads_the_same(self):
        code, text = self.run_with(*self.OPTIONS, value=self.RIGHT)
        self.assertEqual((code, text.count("agrees: the realm")), (0, 1), text)

    def test_the_realm_reads_something_else(self):
        code, text = self.run_with(*self.OPTIONS, value=bytes(32))
        self.assertEqual((code, text.count("DISAGREES: the realm")), (1, 1), text)

    def test_an_expectation(self):
        self.assertEqual(self.run_with(*self.OPTIONS, "--expect", self.RIGHT.hex())[0], 0)
        self.assertEqual(self.run_with(*self.OPTIONS, "--expect", "00" * 32)[0], 1)

    def test_what_it_cannot_compute(self):
        self.assertEqual(self.run_with()[0], 2)
        self.assertEqual(self.run_with(*self.OPTIONS, "--rd", "0x5000")[0], 2)
