"""The guard of steps on GPUs: what it reads, what it notices, and that all steps pass.

Compiling for a GPU needs no GPU, but packages of their own: `.ci/gpu_compile` installs
them and runs the tests marked `gpu_compile`.
"""

import json
import os
import sys

import gpu_compile
import gpu_program
import pytest
from gpu_compile import Case, Limits, faults_of
from gpu_program import Program

import jax_core
from jax_core import registry
from tests.benchmarks.broken_steps import STEPS, compile_broken

SOUND = Program(
    launches=9,
    copies=0,
    loops=0,
    graphs=1,
    frame_kernels=1,
    written=1.02,
    store_bytes=16,
    instructions=3.9,
    others=0.1,
    registers=21,
    local_bytes=0,
    rounded=0,
)
CASE = Case("BreakoutEasy")

THUNKS = """\
001: kCommandBuffer [source]
  001: kCustomKernel [next=002 (1)] loop_add grid: [32, 1, 1] threads: [128, 1, 1]
  002: kCopy [prev=001] copy.1
  003: kCustomKernel [sink] loop_gather grid: [98304, 1, 1] threads: [128, 1, 1]
002: kWhile [sink] while.3
"""

HLO = """\
HloModule step

%fused (p: u8[4,8]) -> u8[4,8] {
  ROOT %copy.9 = u8[4,8]{1,0} copy(%p)
}

ENTRY %main (p: u8[4,8]) -> (u8[4,8]) {
  %p = u8[4,8]{1,0} parameter(0)
  %ids = (s32[4]{0}, pred[4]{0}) fusion(%p), kind=kLoop
  %first = s32[4]{0} get-tuple-element(%ids), index=0
  %words = u32[4,2]{1,0} fusion(%first), kind=kLoop
  %bytes = u8[4,8]{1,0} bitcast(%words)
  ROOT %out = (u8[4,8]{1,0}) tuple(%bytes)
}
"""

CODE = """\
        /*0000*/                   LDC R1, c[0x0][0x28] ;
.L_x_1:
        /*0010*/                   IADD3 R1, R1, 0x1, RZ ;
        /*0020*/              @P0  BRA `(.L_x_1) ;
        /*0030*/                   EXIT ;
.L_x_2:
        /*0040*/                   BRA `(.L_x_2);
        /*0050*/                   NOP;
"""


def test_launches_are_read_without_what_only_groups_them():
    assert gpu_program.read_launches(THUNKS) == [
        ("kCustomKernel", "loop_add", 4096),
        ("kCopy", "copy.1", 0),
        ("kCustomKernel", "loop_gather", 98304 * 128),
    ]


def test_bytes_written_are_those_of_operations_that_write():
    assert gpu_program.read_writes(HLO) == [(4 * 4 + 4, "ids"), (32, "words")]


def test_instructions_end_at_the_exit_and_loops_are_branches_back():
    assert gpu_program.count_instructions(CODE) == (4, 1)


def test_other_kernels_are_weighed_by_their_threads():
    launches = [("k", "few", 10), ("k", "draw", 100), ("kCopy", "copy", 0)]
    codes = [
        ".visible .entry few(\n)\n{\n\tmov.u32 a, b;\n\t@p bra L;\n\t.reg .b32 a;\n}",
        ".visible .entry draw(\n)\n{\n\tret;\n}",
    ]
    assert gpu_program.weigh_others(launches, "draw", codes) == pytest.approx(0.2)


def test_gray_frames_and_lanes_may_need_more_beside_them():
    program = SOUND._replace(others=1.0)
    assert faults_of(CASE, program)
    assert not faults_of(CASE._replace(channels=1), program)
    assert not faults_of(CASE._replace(step="SameStep"), program)


def test_the_compiler_sees_no_setting_of_the_tests(tmp_path, monkeypatch):
    """They leave out optimizations, also in other processes."""
    for name in ("XLA_FLAGS", "JAX_DISABLE_MOST_OPTIMIZATIONS", "JAX_PLATFORMS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "1")
    monkeypatch.delitem(sys.modules, "jax")
    gpu_program.prepare(tmp_path)
    assert all(
        flag.startswith("--xla_dump_") for flag in os.environ["XLA_FLAGS"].split()
    )
    assert os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] == "false"


def test_a_sound_step_breaks_no_rule():
    assert faults_of(CASE, SOUND) == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("frame_kernels", 2, "2 kernels write frames"),
        ("frame_kernels", 0, "0 kernels write frames"),
        ("written", 1.1, "1.10 bytes written"),
        ("loops", 1, "1 loops"),
        ("graphs", 2, "2 graphs"),
        ("store_bytes", 8, "stores of 8 bytes"),
        ("local_bytes", 4, "4 bytes of local memory"),
        ("rounded", 1, "1 products of rounded factors"),
        ("instructions", 99.0, "99.0 instructions per byte"),
        ("others", 9.0, "9.00 times as much beside the drawing"),
        ("launches", 99, "99 launches"),
    ],
)
def test_every_rule_is_named_with_its_value(field, value, message):
    (fault,) = faults_of(CASE, SOUND._replace(**{field: value}))
    assert message in fault


def test_the_default_is_what_the_guard_promises():
    """Easy levels in both views on both targets, and what is beside drawing."""
    cases = gpu_compile.parse([]).cases
    assert len(cases) == len(set(cases))
    easy = {case[:3] for case in cases if case[3:] == Case("")[3:]}
    assert easy >= {
        (f"{game}Easy", view, target)
        for game in registry.games
        for view in ("full", "partial")
        for target in ("h100", "h200")
    }
    shown = {(case.env_id, case.step, case.num_envs) for case in cases}
    assert shown >= {(f"{game}Hard", "functional", 4096) for game in registry.games}
    assert shown >= {
        (f"{game}Easy", mode, 4096)
        for game in ("Breakout", "CountRecall")
        for mode in ("NextStep", "SameStep", "Disabled")
    }
    assert ("BreakoutEasy", "functional", 16_384) in shown


def test_every_game_has_limits():
    assert set(gpu_compile.LIMITS) == set(registry.games)
    assert all(isinstance(limits, Limits) for limits in gpu_compile.LIMITS.values())
    everything = {case.env_id for case in gpu_compile.parse(["--all"]).cases}
    assert everything == {
        env_id for env_id in jax_core.registered_envs if not env_id.endswith("Medium")
    }


JOBS = os.cpu_count() or 1


@pytest.fixture(scope="module")
def broken():
    """Programs of steps that each break a rule."""
    programs = gpu_compile.in_processes(compile_broken, STEPS, JOBS)
    return dict(zip(STEPS, programs, strict=True))


@pytest.mark.gpu_compile
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("two_kernels", "2 kernels write frames"),
        ("masks", "bytes written for each"),
        ("loop", "1 loops"),
        ("loop", "2 graphs"),
        ("narrow_stores", "stores of 4 bytes"),
        ("slow_drawing", "instructions per byte"),
        ("many_launches", "launches, more than"),
        ("rounded_product", "products of rounded factors"),
        ("branches", "beside the drawing"),
    ],
)
def test_a_step_that_breaks_a_rule_is_noticed(broken, name, rule):
    assert faults_of(CASE, broken["sound"]) == []
    assert any(rule in fault for fault in faults_of(CASE, broken[name]))


SPILLING = """\
.version 8.0
.target sm_90a
.address_size 64
.visible .entry spilling(.param .u64 out, .param .u32 place)
{
    .local .align 4 .b8 array[64];
    .reg .b32 %r<3>;
    .reg .b64 %rd<5>;
    ld.param.u64 %rd1, [out];
    ld.param.u32 %r1, [place];
    mov.u64 %rd2, array;
    mul.wide.u32 %rd3, %r1, 4;
    add.s64 %rd4, %rd2, %rd3;
    st.local.u32 [%rd4], %r1;
    ld.local.u32 %r2, [array];
    st.global.u32 [%rd1], %r2;
    ret;
}
"""


@pytest.mark.gpu_compile
def test_local_memory_is_noticed(tmp_path):
    """No step that XLA compiles had any yet, so this one is written by hand."""
    path = tmp_path / "spilling.ptx"
    path.write_text(SPILLING)
    kernel, local_bytes = gpu_program.read_kernels(tmp_path, path)
    assert kernel.store_bytes == [4]
    assert local_bytes == 64


@pytest.mark.gpu_compile
def test_no_step_breaks_a_rule(tmp_path, capsys):
    record = tmp_path / "gpu_compile.json"
    broken = gpu_compile.main(["--jobs", str(JOBS), "--json", str(record)])
    assert broken == 0, capsys.readouterr().out  # the table
    rows = json.loads(record.read_text())["rows"]
    assert len(rows) == len(gpu_compile.parse([]).cases)
