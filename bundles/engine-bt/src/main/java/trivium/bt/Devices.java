package trivium.bt;

import static trivium.cpu.VcpuState.RAX;

import trivium.bus.PortIo;
import trivium.hostos.HostMemory;
import trivium.memory.PhysicalMemory;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand.Place;
import trivium.x86.interp.Cpu;

/**
 * Accesses to devices for which generated code was left: they are done with the guest's registers
 * in the vCPU block. Bound to the vCPU's thread.
 */
final class Devices {
    private final long[] r;
    private final long registers, rax, address;
    private final PortIo ports;
    private final PhysicalMemory memory;

    Devices(Cpu c) {
        r = c.r;
        registers = c.area + Area.register(0);
        rax = c.area + Area.register(RAX);
        address = c.area + Area.ADDRESS;
        ports = c.vcpu.ports();
        memory = c.memory;
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

    // ---- memory

    /** Whether {@link #move} does an instruction whose memory operand begins at an address. */
    static boolean moves(Instruction in, long gpa) {
        return switch (in.mnemonic()) {
            case MOV, MOVZX, MOVSX, MOVSXD ->
                    (gpa & 0xfff) + in.bytes(stores(in) ? 0 : 1) <= 0x1000;
            default -> false;
        };
    }

    private static boolean stores(Instruction in) {
        Place place = in.operand(0).place();
        return place == Place.RM || place == Place.MOFFS;
    }

    /** A MOV between a register, or an immediate, and a device. */
    void move(Instruction in, long gpa) {
        if (stores(in)) {
            memory.write(gpa, in.bytes(0), source(in));
            return;
        }
        int bytes = in.bytes(1);
        long value = memory.read(gpa, bytes);
        switch (in.mnemonic()) {
            case MOVSX, MOVSXD -> {
                int unused = 64 - 8 * bytes;
                set(in.reg, in.bytes(0), value << unused >> unused);
            }
            case MOVZX -> set(in.reg, in.bytes(0), value & -1L >>> 64 - 8 * bytes);
            default -> {
                int register = in.operand(0).place() == Place.ACCUMULATOR ? RAX : in.reg;
                if (bytes == 1) {
                    HostMemory.putByte(octet(in, register), (byte) value);
                } else {
                    set(register, bytes, value);
                }
            }
        }
    }

    private long source(Instruction in) {
        return switch (in.operand(1).place()) {
            case IMM -> in.imm;
            case ACCUMULATOR -> HostMemory.getLong(rax);
            default ->
                    in.bytes(1) == 1
                            ? HostMemory.getByte(octet(in, in.reg))
                            : HostMemory.getLong(registers + 8L * in.reg);
        };
    }

    /** Where a byte register is: 4 to 7 are AH to BH without REX. */
    private long octet(Instruction in, int register) {
        boolean high = in.rex == 0 && register >= 4;
        return registers + (high ? 8L * (register - 4) + 1 : 8L * register);
    }

    private void set(int register, int bytes, long value) {
        long at = registers + 8L * register;
        switch (bytes) {
            case 2 -> HostMemory.putShort(at, (short) value);
            case 4 -> HostMemory.putLong(at, value & 0xffff_ffffL);
            default -> HostMemory.putLong(at, value);
        }
    }
}
