package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuState;
import trivium.x86.InterpreterEngine;

/** Loops that store to pages with code end as in the interpreter. */
class CodeStoresTest extends ProgramTest {
    // spotless:off
    @ParameterizedTest(name = "{1}, {0}")
    @CsvSource({
        "beside the code, LONG, b93c000000890c250042000003042500420000880c25044200000fb61c2504420000ffc975df",
        "into the next instruction, LONG, b93c000000890c250d4000003555555555ffc975f0",
        "into the instruction before, LONG, b93c00000083c005ff042506400000890c251840000081f344332211ffc975e5",
        "of an opcode, LONG, b93c00000066c704251e400000ffc3f6c108740a66c704251e400000ffcb9090ffc975e1",
        "of a jump, LONG, b93c00000088c8240188042511400000eb00ffc3ffc7ffc975eb",
        "by the accumulator, LONG, b93c00000089c8a3124000000000000081f344332211ffc975eb",
        "across the end of the page before, LONG, b93c000000c70425fd3f0000000000b901c8ffc975ef",
        "by another address, LONG, b93c000000890c250d4000013555555555ffc975f0",
        "of functions made anew, LONG, b93c000000890c2501900000c604250090000035c6042505900000c3ba00900000ffd2ffd2ffc975dc",
        "to a page that had code long ago, LONG, ba00900000c6042500900000c3ffd2bd03000000b9bc020000890c250091000003042500910000ffc975eec604250090000090c6042501900000c3ffd2ffcd75d3",
        "of eight bytes, LONG, b93c000000488b1c251c400000fe04251e40000048891c251c4000000504030201909090ffc975dd",
        "beside the code and to no address, LONG, b93c000000890c2500420000ffc975f548b80042000000b078408908",
        "beside the code, PROTECTED32, b93c000000890d00420000030500420000880d044200000fb61d044200004975e4",
        "into the next instruction, PROTECTED32, b93c000000890d0c40000035555555554975f2",
        "into the instruction before, PROTECTED32, b93c00000083c005ff0506400000890d1640000081f3443322114975e8",
        "of an opcode, PROTECTED32, b93c00000066c7051c400000ffc3f6c108740966c7051c400000ffcb90904975e4",
        "of a jump, PROTECTED32, b93c00000088c82401a20f400000eb0043474975f0",
        "by the accumulator, PROTECTED32, b93c00000089c8a30e40000081f3443322114975f0",
        "across the end of the page before, PROTECTED32, b93c000000c705fd3f0000000000b901c84975f1",
        "by another address, PROTECTED32, b93c000000890d0c40000135555555554975f2",
        "of functions made anew, PROTECTED32, b93c000000890d01900000c6050090000035c60505900000c3ba00900000ffd2ffd24975e0",
        "to a page that had code long ago, PROTECTED32, ba00900000c60500900000c3ffd2bd03000000b9bc020000890d009100000305009100004975f1c6050090000090c60501900000c3ffd24d75d9",
        "of eight bytes, PROTECTED32, b93c0000008b1d17400000fe0519400000891d1740000005040302019090904975e3",
    })
    // spotless:on
    void endAsInTheInterpreter(String what, Mode mode, String code) {
        sameEnd(e -> board(mode, e, code)).close();
        try (TestBoard one = board(mode, new InterpreterEngine(), code);
                TestBoard other = board(mode, engine, code)) {
            for (int n = 1; n < 40; n++) {
                assertThat(other.run(n)).isEqualTo(one.run(n));
            }
        }
    }

    /** A page is watched no more some time after its last code is gone, and stored to at once. */
    @ParameterizedTest
    @CsvSource({"LONG", "PROTECTED32"})
    void storesToFormerCodeAreHostCode(Mode mode) {
        // ret at 9000h, called; then 5,000 stores over it
        String code = "ba00900000c602c3ffd2b98813000089" + "0affc975fa";
        try (TestBoard board = board(mode, engine, code)) {
            board.run();
            assertThat(board.counter("exit-tlb-write")).isLessThan(1_000);
        }
    }

    private static TestBoard board(Mode mode, ExecutionEngine engine, String code) {
        TestBoard board = new TestBoard(mode, engine).code(code);
        VcpuState s = board.state();
        s.gpr[VcpuState.RAX] = 0x1234_5678;
        s.gpr[VcpuState.RBX] = 0x9abc_def0L;
        return board;
    }
}
