package trivium.vmi;

import java.util.Optional;
import trivium.bus.PortIo;
import trivium.bus.SharedPorts;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuState;
import trivium.x86.plain.WrappedVcpu;

/**
 * The vCPU as the engine below sees it: the same, but that the hypervisor hears of calls first and
 * does what a start-up IPI asks for where it knows better.
 */
final class VmiVcpu extends WrappedVcpu implements PortIo {
    /** The hypervisor, on the vCPU's thread. */
    interface Listener {
        /** The ROM is about to call the device. */
        void calling(int port);

        /** It has called. @return what the ROM gets: the answer, or something better */
        int called(int port, int answer);

        /** Whether this vCPU waits for the state it shall start with, not for a real-mode start. */
        boolean startsElsewhere();
    }

    private final PortIo ports;
    private final Listener listener;

    VmiVcpu(Vcpu vcpu, Listener listener) {
        super(vcpu);
        this.listener = listener;
        ports = vcpu.ports();
    }

    @Override
    public int in(int port, int size) {
        if (port - Ports.BASE >>> 6 != 0 || size != 4) {
            return ports.in(port, size);
        }
        listener.calling(port);
        return listener.called(port, ports.in(port, size));
    }

    @Override
    public boolean take(int bit) {
        boolean ours =
                bit == SIPI
                        && state().activity == VcpuState.WAIT_FOR_SIPI
                        && listener.startsElsewhere();
        return !ours && vcpu.take(bit);
    }

    @Override
    public PortIo ports() {
        return this;
    }

    @Override
    public void out(int port, int size, int value) {
        ports.out(port, size, value);
    }

    @Override
    public Optional<SharedPorts> shared() {
        return ports.shared();
    }
}
