package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Vcpu;

/**
 * Loops, whose registers change places and whose accesses have TLB entries of their own, end as in
 * the interpreter, and when they are left early.
 */
class LoopTest extends ProgramTest {
    private static final int ENDLESS = 1000;

    LoopTest() {
        super(new BtEngine(1 << 20, 1, 3));
    }

    // spotless:off
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "every register up to a page that is not there, 41be00700200b9050000004d01d34d11dc4531e54d892e4983c60849ffc74f8d14574c39f075e4",
        "to a device and past it, 41bce0df020041bd40f00200458a14244500d34d87df4983c4114d39ec72ed9c",
        "all lenders in use, b9640000004801eb4d01c14901da4d01d349c1c3034d31dc4d01e4ffc975e69c",
        "stack beside, b932000000415541564983c5034d01ee415e415b4d01dde2ec4155",
        "a high byte and a borrowed RBX, b93200000088e800c40fb6d44901d54500ec664501e583e90175ea",
        "division by zero at the end, 41bd09000000b8e80300009941f7fd4101c44183ed014519e3ebeb",
        "an unknown instruction ends it, 41bd030000004d01ec410f92c34983ed0179f30f0b",
        "it writes into itself, 41bd140000004183c4014501e34183fd0a0f94c00005f2ffffff4183ed0175e6",
        "shifts and bits, b94600000049d3e4490fabcc49d1dd4d0f42ec4d0fbcdc4d0fafeb4d63e5490fcd83e90175df9c",
        "SSE, 41bd14000000664d0f6ed566450fd4da664d0f7edc4d01e3f3440f7f1f4183ed0175e3",
        "loads across pages at any alignment, be00000200baf0ff010048030248131c0e83c203ffc181fa1020020072ec9c",
        "stores go page by page to and fro, b9b80b000048018a0000020081c2f91f000081e2ff7f000083e90175e8",
        "a page changes between two runs of a loop, bd28000000b9140000004803810020020000810021020083e90175ee81342510310100006000000f013c250020020083ed0175d1",
        "a page may be written no more, bd28000000b91400000000890021020083e90175f583fd14750883242510310100fd0f20d80f22d883ed0175d8",
        "a page of data becomes code, c704251020020040ffc8c3bd28000000b9030000008004251120020000ff810021020083e90175edba10200200ffd2803425122002000883ed0175d4",
        "frames on a stack that moves, b990010000bc0040020048894c24f848014c24e8488b5424f04801d0488d6424d883e90175e4bc00800000",
    })
    // spotless:on
    void endAsInTheInterpreter(String name, String code) {
        try (TestBoard board = sameEnd(e -> board(e, code))) {
            assertThat(board.interpreted()).as("interpreted").isLessThan(ENDLESS);
        }
    }

    /** Offsets that wrap at 4 GiB, of accesses that are looked up together. */
    @Test
    void offsetsWrap() {
        // mov ebp, -1; mov ecx, 60; 1: mov eax, [ebp+0x56]; add edx, [ebp+0x5a]; dec ecx; jnz 1b
        String code = "bdffffffff b93c000000 8b4556 03555a 49 75f7";
        sameEnd(e -> new TestBoard(Mode.PROTECTED32, e).code(code)).close();
    }

    /** Accesses looked up together that lie in two pages, while an interrupt waits for IF. */
    @Test
    void twoPagesWhileMasked() {
        // mov esi, 0x20ff4; mov ecx, 10000; 1: mov rax, [rsi]; add rbx, [rsi+8]; sub ecx, 1; jnz 1b
        String code = "bef40f0200 b910270000 488b06 48035e08 83e901 75f4";
        sameEnd(
                        e -> {
                            TestBoard board = new TestBoard(Mode.LONG, e).code(code);
                            board.raise(Vcpu.INTR);
                            return board;
                        })
                .close();
    }

    private static TestBoard board(ExecutionEngine engine, String code) {
        return new TestBoard(Mode.LONG, engine).code(code).registers(i -> 0x20440L + i * 0x10);
    }
}
