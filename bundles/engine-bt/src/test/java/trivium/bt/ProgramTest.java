package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Support;
import trivium.hostos.HostInfo;
import trivium.x86.InterpreterEngine;

/** Tests of programs on this engine, where the host can run it. */
abstract class ProgramTest {
    final BtEngine engine;

    ProgramTest() {
        this(new BtEngine(1 << 20, 1));
    }

    ProgramTest(BtEngine engine) {
        this.engine = engine;
    }

    @BeforeEach
    final void hostCan() {
        assumeTrue(engine.supportOn(HostInfo.host()) instanceof Support.Yes);
    }

    /**
     * A program ends as in the interpreter.
     *
     * @param made the board with the program
     * @return the board after it ran on this engine
     */
    final TestBoard sameEnd(Function<ExecutionEngine, TestBoard> made) {
        return sameEnd("end", made);
    }

    /** The same. @param what is compared */
    final TestBoard sameEnd(String what, Function<ExecutionEngine, TestBoard> made) {
        String expected;
        try (TestBoard board = made.apply(new InterpreterEngine())) {
            expected = board.run().end();
        }
        TestBoard board = made.apply(engine);
        assertThat(board.run().end()).as(what).isEqualTo(expected);
        return board;
    }
}
