package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.Vcpu;

/** An interrupt that comes at any time is taken behind the HLT that follows STI, not before it. */
class IdleLoopTest extends ProgramTest {
    private static final int ROUNDS = 4000, FLAG = TestBoard.DATA, COUNT = TestBoard.DATA + 8;
    private static final int HANDLER = 0x5000, IDT = 0x2000, VECTOR = 32;

    /** Until COUNT is ROUNDS: wait for FLAG with interrupts on in STI; HLT, and clear it. */
    private static final String LOOP =
            "fa 833c250000020000 7504 fb f4 ebf1"
                    + "c704250000020000000000 ff042508000200 813c2508000200a00f0000 75d2 fa";

    @Test
    void noWakeUpIsLost() throws InterruptedException {
        try (TestBoard board = new TestBoard(Mode.LONG, engine)) {
            prepare(board);
            AtomicBoolean over = new AtomicBoolean();
            Thread raiser = Thread.ofPlatform().start(() -> raise(board, over));
            try {
                run(board);
            } finally {
                over.set(true);
                raiser.join();
            }

            assertThat(board.memory().read(COUNT, 4)).isEqualTo(ROUNDS);
            assertThat(board.counter("interpreted-sti")).isLessThan(ROUNDS);
        }
    }

    private static void prepare(TestBoard board) {
        board.code(LOOP);
        board.memory().write(FLAG, 8, 0);
        board.memory().write(COUNT, 8, 0);
        // inc dword [FLAG]; iretq
        board.memory().write(HANDLER, 8, 0x48_0002_0000_2504_ffL);
        board.memory().write(HANDLER + 8, 1, 0xcf);
        long gate = board.memory().read(IDT + 16 * VECTOR, 8);
        board.memory().write(IDT + 16 * VECTOR, 8, gate & ~0xffffL | HANDLER);
    }

    /** Runs until the program is done, or sleeps though its flag is set. */
    private static void run(TestBoard board) {
        do {
            board.run();
            while (board.waits() && board.pending() == 0) {
                assertThat(board.memory().read(FLAG, 4)).isZero();
                Thread.onSpinWait();
            }
        } while (board.waits());
    }

    /** One interrupt for each round, after some moments. */
    private static void raise(TestBoard board, AtomicBoolean over) {
        long moments = 0;
        for (int round = 0; round < ROUNDS && !over.get(); round++) {
            while (board.memory().read(COUNT, 4) < round && !over.get()) {
                Thread.onSpinWait();
            }
            moments = moments * 5 + 1 & 0x3ff;
            for (long i = 0; i < moments; i++) {
                Thread.onSpinWait();
            }
            board.raise(Vcpu.INTR);
        }
    }
}
