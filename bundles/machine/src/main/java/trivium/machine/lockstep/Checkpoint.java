package trivium.machine.lockstep;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import trivium.device.BlockBackend;
import trivium.machine.board.Board;
import trivium.machine.board.BoardState;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/** The last state in which both machines were equal, memory and all; either can go back to it. */
final class Checkpoint implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> memory = new ArrayList<>();
    private Map<String, ScratchImage.State> drives = Map.of();
    private BoardState state;
    private long instructions;

    /** Takes the state of a machine that rests, in place of the one held before. */
    void take(Side side) {
        takeBoard(side.board());
        drives = new HashMap<>();
        side.drives().forEach((slot, image) -> drives.put(slot, image.save()));
        instructions = side.instructions();
    }

    /** Takes the state of a VM that is paused: its first instruction from now on is number 1. */
    void take(Board board) {
        takeBoard(board);
        drives = new HashMap<>();
        for (VmConfig.Drive drive : board.config().boot().drives()) {
            int changes = board.drive(drive.slot()).map(BlockBackend::mediaGeneration).orElse(0);
            drives.put(drive.slot(), new ScratchImage.State(Map.of(), false, changes));
        }
        instructions = 0;
    }

    private void takeBoard(Board board) {
        List<MemorySegment> contents = board.memory().contents();
        for (int i = 0; i < contents.size(); i++) {
            if (memory.size() == i) {
                memory.add(arena.allocate(contents.get(i).byteSize(), 4096));
            }
            memory.get(i).copyFrom(contents.get(i));
        }
        state = BoardState.take(board);
    }

    long instructions() {
        return instructions;
    }

    /** Brings a machine made of the same parts there. */
    void restore(Side side) throws VmException {
        side.restore(instructions, () -> into(side));
    }

    private void into(Side side) {
        Board board = side.board();
        List<MemorySegment> contents = board.memory().contents();
        for (int i = 0; i < contents.size(); i++) {
            contents.get(i).copyFrom(memory.get(i));
        }
        side.drives().forEach((slot, image) -> image.restore(drives.get(slot)));
        state.restore(board);
    }

    @Override
    public void close() {
        arena.close();
    }
}
