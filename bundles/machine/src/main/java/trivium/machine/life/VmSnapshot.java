package trivium.machine.life;

import java.io.IOException;
import java.util.List;
import trivium.hostos.MemoryImage;
import trivium.machine.board.Board;
import trivium.machine.board.BoardState;
import trivium.machine.boot.Boot;
import trivium.machine.serial.SerialPort;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/**
 * A whole VM at one moment: devices, vCPUs, clock, memory, drives, console. Taken while it stands
 * still; any number of VMs of the same configuration can begin with it. Memory and drives are not
 * copied: whoever writes, the VM or those that begin here, gets a page or a cluster of its own.
 */
public final class VmSnapshot implements AutoCloseable {
    /** What of a VM is not on its board; engine and strategy are those wanted. */
    record Parts(Boot boot, Drives drives, SerialPort console, String engine, String mmu) {}

    private final VmConfig config;
    private final Boot boot;
    private final String engine, mmu;
    private final BoardState board;
    private final List<MemoryImage> memory;
    private final Drives.Frozen drives;
    private final SerialPort.State console;

    private VmSnapshot(Board board, Parts parts) throws IOException {
        config = board.config();
        boot = parts.boot;
        engine = parts.engine;
        mmu = parts.mmu;
        this.board = BoardState.take(board);
        memory = board.memory().freeze();
        drives = parts.drives.freeze();
        console = parts.console.save();
    }

    /**
     * @throws VmException if the host has not the memory for it; the VM can go on
     */
    static VmSnapshot take(Board board, Parts parts) throws VmException {
        try {
            return new VmSnapshot(board, parts);
        } catch (IOException e) {
            throw new VmException(
                    "vm %s: its memory cannot be kept: %s"
                            .formatted(board.config().name(), e.getMessage()),
                    e);
        }
    }

    /** The configuration of the VM that it was taken of. */
    public VmConfig config() {
        return config;
    }

    String engine() {
        return engine;
    }

    String mmu() {
        return mmu;
    }

    /** What a VM that begins with it is, in the log. */
    String origin() {
        return "went on from vm " + config.name();
    }

    Boot boot() {
        return boot;
    }

    Drives openDrives() {
        return drives.open();
    }

    /**
     * Brings a machine there that was built by the same configuration and has not run yet.
     *
     * @throws VmException if it cannot be; the machine is to be given up then
     */
    void restore(Board into, SerialPort port) throws VmException {
        try {
            board.restore(into);
            into.memory().become(memory);
        } catch (IOException | IllegalArgumentException e) {
            throw new VmException(
                    "vm %s cannot take the state of vm %s: %s"
                            .formatted(into.config().name(), config.name(), e.getMessage()),
                    e);
        }
        port.restore(console);
    }

    /** Those that began with it keep what they have. */
    @Override
    public void close() {
        memory.forEach(MemoryImage::close);
        drives.close();
    }
}
