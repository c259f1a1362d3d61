package trivium.machine.lockstep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cli.GuestVm;
import trivium.cli.guests.Guests;
import trivium.hostos.MemoryImage;
import trivium.machine.board.Board;
import trivium.machine.board.BoardState;
import trivium.machine.boot.Boot;
import trivium.machine.boot.Firmware;
import trivium.vm.VmConfig;

/**
 * A machine that begins with another's state does what that one does, instruction by instruction.
 */
@Timeout(300)
class BoardStateTest {
    private static final long LATER = 30_000_000;

    @ParameterizedTest
    @CsvSource({
        "interpreter,1",
        "interpreter,3000000",
        "interpreter,20000000",
        "bt,60000000",
        "bt,200000000",
        "bt,1000000000"
    })
    void bothGoOnToTheSameState(String engine, long instructions) throws Exception {
        Path firmware = Guests.file("bios-256k.bin").getParent();
        VmConfig config = CheckpointTest.config();
        Boot boot = Boot.prepare(config, new Firmware(List.of(firmware)));
        try (Pair first = new Pair(config, GuestVm.catalog(), boot, engine, engine);
                Pair second = new Pair(config, GuestVm.catalog(), boot, engine, engine)) {
            Side parent = first.reference, child = second.candidate;
            Side.await(parent.advance(instructions, false));

            goOnFrom(parent, child);
            Side.await(parent.advance(instructions + LATER, false));
            Side.await(child.advance(LATER, false));

            assertThat(StateDiff.equal(parent.state(), child.state())).isTrue();
            assertThat(second.difference(parent, child)).isNull();
            assertThat(child.board().clock().nanos()).isEqualTo(parent.board().clock().nanos());

            goOnFrom(child, first.candidate); // what a fork's fork is made of
            Side.await(parent.advance(instructions + 2 * LATER, false));
            Side.await(first.candidate.advance(LATER, false));

            assertThat(StateDiff.equal(parent.state(), first.candidate.state())).isTrue();
            assertThat(first.memoryDifference()).isNull();
        }
    }

    private static void goOnFrom(Side from, Side to) throws Exception {
        BoardState state = BoardState.take(from.board());
        List<MemoryImage> memory = from.board().memory().freeze();
        to.restore(0, () -> restore(to.board(), state, memory));
        memory.forEach(MemoryImage::close);
    }

    private static void restore(Board board, BoardState state, List<MemoryImage> memory) {
        try {
            state.restore(board);
            board.memory().become(memory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
