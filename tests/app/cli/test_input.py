# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input: a documented code and one message that says what is wrong and what to do."""

import os
import unittest

from program import CONFIGS, POWERS_OFF, SPINS, Case, image, linux_kernel, run, sanitized

USAGE, BAD_INPUT = 2, 3
HELLO = CONFIGS / "hello.json"


class Kernels(Case):
    def boot(self, kernel, **vm):
        return run("run", self.config(name="k", memory="64MiB", kernel=str(kernel), **vm))

    def test_missing(self):
        self.assert_refused(self.boot(self.folder / "none"), BAD_INPUT, "none", "No such file", "Check the path")

    def test_a_directory(self):
        self.assert_refused(self.boot(self.folder), BAD_INPUT, "not a regular file")

    def test_empty(self):
        self.assert_refused(self.boot(self.file("k")), BAD_INPUT, "the file is empty")

    def test_shorter_than_its_header(self):
        self.assert_refused(self.boot(self.file("k", image()[:40])), BAD_INPUT, "truncated kernel")

    def test_not_an_arm64_image(self):
        self.assert_refused(self.boot(self.file("k", image(magic=b"x86!"))), BAD_INPUT, "not an arm64 kernel")

    def test_larger_than_memory(self):
        self.assert_refused(self.boot(self.file("k", image(image_size=1 << 30))), BAD_INPUT, "memory")

    def test_file_larger_than_memory(self):
        kernel = self.file("k", image())
        os.truncate(kernel, 80 << 20)
        self.assert_refused(self.boot(kernel), BAD_INPUT, "more than the VM's", "Give the VM more memory")

    def test_page_size_that_the_cpus_lack(self):
        self.assert_refused(self.boot(self.file("k", image(page_size_flag=3))), BAD_INPUT, "64 KiB pages", "4K_PAGES")
        self.assert_refused(self.boot(self.file("k", image(page_size_flag=2))), BAD_INPUT, "16 KiB pages")

    def test_the_real_one_cut_anywhere(self):
        whole = linux_kernel().read_bytes()
        for size in (64, 100, 1000, 100_000, len(whole) // 2, len(whole) - 4096):
            with self.subTest(size=size):
                self.assert_refused(self.boot(self.file("k", whole[:size])), BAD_INPUT, "truncated kernel")

    def test_initrd_missing(self):
        done = self.boot(self.file("k", image()), initrd=str(self.folder / "none"))
        self.assert_refused(done, BAD_INPUT, "initrd", "No such file")

    def test_binary_missing(self):
        done = run("run", HELLO, "--set", "vms.0.binary=none.bin")
        self.assert_refused(done, BAD_INPUT, "none.bin", "No such file")

    def test_the_device_tree_of_a_missing_kernel(self):
        target = self.folder / "dtb"
        config = self.config(name="k", kernel=str(self.folder / "none"))
        self.assert_refused(run("run", config, "--dump-dtb", target), BAD_INPUT, "VM 'k'", "No such file")
        self.assertFalse(target.exists())


class Configurations(Case):
    def refused(self, text, *said):
        self.assert_refused(run("run", self.file("c.json", text)), BAD_INPUT, "c.json", *said)

    def test_unreadable(self):
        self.assert_refused(run("run", self.folder / "none.json"), BAD_INPUT, "none.json", "No such file")
        self.assert_refused(run("run", self.folder / "a" / "none.json"), BAD_INPUT, "none.json", "No such file")

    def test_a_directory(self):
        self.assert_refused(run("run", CONFIGS), BAD_INPUT, "is a directory")

    def test_empty(self):
        self.refused("", "is empty")
        self.refused(" \n\n", "is empty")

    def test_not_json(self):
        self.refused('{"vms": [\n{"name": }]}', "line 2 is not JSON")
        self.refused(b"\xff\xfe", "is not JSON")
        self.refused("[" * 30, "is not JSON")
        self.refused("[" * 100_000, "is nested deeper than 32 levels")

    def test_not_an_object(self):
        self.refused("[]", "must be an object")
        self.refused("3", "must be an object")
        self.refused('{"vms": [3]}', "must be an object")
        self.refused('{"vms": {}}', "must be an array")

    def test_no_machine(self):
        self.refused("{}", "vms is empty")

    def test_unknown_key_and_the_nearest_known_one(self):
        self.refused('{"vms": [{"vcpu": 1}]}', 'no key "vcpu"', 'did you mean "vcpus"?')
        self.refused('{"machine": {"ceed": 1}, "vms": []}', 'did you mean "seed"?')
        self.refused('{"machines": {}}', 'did you mean "machine"?')
        self.refused('{"vms": [{"xxxxxxxxxxxx": 1}]}', "known keys: name, realm")

    def test_wrong_type(self):
        self.refused('{"vms": [{"realm": "yes"}]}', "must be true or false", '"yes"')
        self.refused('{"vms": [{"vcpus": 1.5}]}', "must be a whole number")
        self.refused('{"vms": [{"vcpus": -1}]}', "must be a whole number")
        self.refused('{"vms": [{"kernel": 3}]}', "must be a string")
        self.refused('{"vms": [{"memory": "much"}]}', 'a size such as "512MiB"')
        self.refused('{"vms": [{"memory": 1e9}]}', 'a size such as "512MiB"')
        self.refused('{"vms": [{"boot": "efi"}]}', '"linux" or "raw"')
        self.refused('{"vms": [{"boot": "raw", "registers": ["x"]}]}', "registers must be whole numbers", '"x"')
        self.refused('{"machine": {"cpu": "z80"}, "vms": [{"kernel": "k"}]}', '"cortex-a72" or "max"')

    def test_a_value_that_is_no_utf8(self):
        self.assert_refused(run("run", HELLO, "--set", b"vms.0.vcpus=\xff\xfe".decode(errors="surrogateescape")),
                            BAD_INPUT, "must be a whole number")

    def test_impossible_sizes(self):
        for setting, said in (("vms.0.memory=3000000", "4 KiB"), ("vms.0.memory=0", ""),
                              ("vms.0.memory=100000TiB", ""),
                              ("vms.0.memory=99999999999999TiB", "a size such as"),
                              ("vms.0.memory=1TiB", "wants 1 TiB"), ("machine.memory=1000", "machine.memory"),
                              ("machine.memory=2TiB", "machine.memory"), ("machine.memory=17179869183", "4 KiB")):
            with self.subTest(setting):
                self.assert_refused(run("run", HELLO, "--set", setting), BAD_INPUT, said)

    def test_impossible_ipa_width(self):
        for bits, said in ((31, "Give 32 to 48"), (49, "Give 32 to 48"), (65, "from 0 to 64"),
                           (32, "Give 33 bits or more")):
            with self.subTest(bits):
                self.assert_refused(run("run", HELLO, "--set", f"vms.0.ipa_bits={bits}"), BAD_INPUT, said)

    def test_impossible_numbers_of_vcpus(self):
        for vcpus in ("0", "513", "18446744073709551615"):
            self.assert_refused(run("run", HELLO, "--vcpus", vcpus), BAD_INPUT, "whole number from 1 to 512")

    def test_set_of_what_is_not_there(self):
        self.assert_refused(run("run", HELLO, "--set", "vms.7.realm=true"), BAD_INPUT, "'7' is no index")
        self.assert_refused(run("run", HELLO, "--set", "vms.0.realm.x=true"), BAD_INPUT, "inside a plain value")
        self.assert_refused(run("run", HELLO, "--set", "vms..x=true"), BAD_INPUT, "empty name")

    def test_more_memory_than_this_process_may_map(self):
        if sanitized():
            self.skipTest("a sanitized program cannot run in a limited address space")
        config = self.raw(SPINS, memory="64GiB")
        for config, limit in ((config, 16 << 30), (HELLO, 1 << 30), (CONFIGS / "smp.json", 1 << 30)):
            with self.subTest(config=config.name, limit=limit):
                self.assert_refused(run("run", config, address_space=limit), BAD_INPUT, "cannot reserve",
                                    "less memory")
        # What is not refused runs.
        for vcpus in (1, 8):
            done = run("run", self.raw("smp", vcpus=vcpus), address_space=(9 << 28) + vcpus * (3 << 26))
            self.assertEqual(done.code, 0, done)

    def test_all_the_memory_a_machine_may_have(self):
        if sanitized():
            self.skipTest("a sanitized program fills its shadow of so much memory")
        done = run("run", self.raw(POWERS_OFF, memory="700GiB"), "--set", "machine.memory=1TiB", "--quiet")
        if done.code != 0:  # a computer that does not overcommit
            self.assert_refused(done, BAD_INPUT, "cannot reserve")


class CommandLines(Case):
    def test_unknown_option_and_the_nearest(self):
        self.assert_refused(run("run", HELLO, "--vcpu", "2"), USAGE, "'--vcpu'", "did you mean '--vcpus'?")
        self.assert_refused(run("run", HELLO, "--max-instruction=2"), USAGE, "did you mean '--max-instructions'?")
        self.assert_refused(run("inspect", HELLO, "--xyzzyxyzzy", "realm g"), USAGE, "lists them")

    def test_unknown_command_and_the_nearest(self):
        self.assert_refused(run("rnu", HELLO), USAGE, "'rnu'", "did you mean 'run'?")

    def test_values_of_options(self):
        for option, value, said in (("--vcpus", "x", "whole number"),
                                    ("--max-instructions", "many", "whole number"), ("--seed", "", "whole number"),
                                    ("--until", "soon", "1.5s"), ("--strategy", "best", "round-robin or random"),
                                    ("--set", "novalue", "PATH=VALUE"), ("--json", "", "name of a file"),
                                    ("--trace", "-", "standard output is the guest's console")):
            with self.subTest(option=option, value=value):
                self.assert_refused(run("run", HELLO, option, value), USAGE, said)

    def test_nothing_or_too_much_to_do(self):
        self.assertEqual(run().code, USAGE)
        self.assert_refused(run("run", HELLO, "--vcpus=-1"), USAGE, "whole number")
        self.assert_refused(run("run"), USAGE, "which machine?")
        self.assert_refused(run("run", HELLO, HELLO), USAGE, "unexpected argument")
        self.assert_refused(run("inspect", HELLO), USAGE, "nothing to inspect")
        self.assert_refused(run("inspect", HELLO, "relam hello"), USAGE, "no such query")
        self.assert_refused(run("inspect", HELLO, "rec hello 99999999999"), USAGE, "no such query")
        self.assert_refused(run("inspect", HELLO, "realm helo"), USAGE, "no VM is named 'helo'", "mean 'hello'?")

    def test_help_is_no_mistake(self):
        for arguments in (("--help",), ("run", "--help"), ("inspect", "--help"), ("--version",)):
            done = run(*arguments)
            self.assertEqual((done.code, done.err), (0, ""))
            self.assertIn("ccasim", done.out)


if __name__ == "__main__":
    unittest.main()
