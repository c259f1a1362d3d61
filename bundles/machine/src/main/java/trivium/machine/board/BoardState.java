package trivium.machine.board;

import java.util.ArrayList;
import java.util.List;
import trivium.cpu.VcpuState;

/**
 * Everything of a board but its memory and what lies in its drives: clock, A20 gate, devices, vCPUs
 * and the events that wait for them. Timers and interrupt lines are part of the devices, which arm
 * and drive them again. Taken and restored while the vCPUs stand still.
 */
public final class BoardState {
    /** A device's state, to be given to the same model at the same place. */
    private record Plugged(String model, Record state) {}

    private record Cpu(VcpuState state, VirtualCpu.Events events) {}

    private final long nanos, epochMillis;
    private final boolean a20;
    private final List<Plugged> devices = new ArrayList<>();
    private final List<Cpu> cpus = new ArrayList<>();

    private BoardState(Board board) {
        nanos = board.clock().nanos();
        epochMillis = board.clock().epochAtStart();
        a20 = board.memory().a20Mask() == -1;
        List<String> models = board.models();
        List<Record> states = board.saveDevices();
        for (int i = 0; i < models.size(); i++) {
            devices.add(new Plugged(models.get(i), states.get(i)));
        }
        for (VirtualCpu vcpu : board.vcpus()) {
            VcpuState copy = new VcpuState();
            copy.set(vcpu.state());
            cpus.add(new Cpu(copy, vcpu.saveEvents()));
        }
    }

    public static BoardState take(Board board) {
        return new BoardState(board);
    }

    /**
     * Brings a board made of the same parts there; its memory and drives have their contents.
     *
     * @throws IllegalArgumentException if it is made of others
     */
    public void restore(Board board) {
        List<String> models = devices.stream().map(Plugged::model).toList();
        if (!models.equals(board.models()) || cpus.size() != board.vcpus().size()) {
            throw new IllegalArgumentException(
                    "a state of %s, %d vCPUs, for %s, %d vCPUs"
                            .formatted(models, cpus.size(), board.models(), board.vcpus().size()));
        }
        board.clock().set(nanos, epochMillis);
        board.memory().setA20(a20);
        board.restoreDevices(devices.stream().map(Plugged::state).toList());
        for (int i = 0; i < cpus.size(); i++) {
            VirtualCpu vcpu = board.vcpus().get(i);
            vcpu.state().set(cpus.get(i).state);
            vcpu.restoreEvents(cpus.get(i).events);
        }
    }
}
