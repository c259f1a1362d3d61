package trivium.bt;

import static trivium.cpu.VcpuState.RAX;

import trivium.bus.PortIo;
import trivium.hostos.HostMemory;
import trivium.x86.decode.Instruction;
import trivium.x86.interp.Cpu;

/**
 * Accesses to devices for which generated code was left: they are done with the guest's registers
 * in the vCPU block. Bound to the vCPU's thread.
 */
final class Devices {
    private final long[] r;
    private final long registers, rax, address;
    private final PortIo ports;

    Devices(Cpu c) {
        r = c.r;
        registers = c.area + Area.register(0);
        rax = c.area + Area.register(RAX);
        address = c.area + Area.ADDRESS;
        ports = c.vcpu.ports();
    }

    /** IN or OUT, allowed, of the port in {@link Area#ADDRESS}. */
    void port(Instruction in) {
        int port = HostMemory.getInt(address);
        int size = Ports.size(in);
        if ((in.opcode & 2) != 0) {
            ports.out(port, size, HostMemory.getInt(rax));
            return;
        }
        switch (size) {
            case 1 -> HostMemory.putByte(rax, (byte) ports.in(port, 1));
            case 2 -> HostMemory.putShort(rax, (short) ports.in(port, 2));
            default -> read4(port, in.mode == 64 ? 16 : 8);
        }
    }

    /**
     * See {@link trivium.device.CurrentVcpu#registers}.
     *
     * @param count of the guest's registers in the block: others' host registers are in other use
     */
    private void read4(int port, int count) {
        for (int i = 0; i < count; i++) {
            r[i] = HostMemory.getLong(registers + 8 * i);
        }
        r[RAX] = ports.in(port, 4) & 0xffff_ffffL;
        for (int i = 0; i < count; i++) {
            HostMemory.putLong(registers + 8 * i, r[i]);
        }
    }
}
