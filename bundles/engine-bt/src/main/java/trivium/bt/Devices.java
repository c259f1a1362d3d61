package trivium.bt;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;

import java.util.OptionalLong;
import trivium.bus.PortIo;
import trivium.hostos.HostClock;
import trivium.hostos.HostMemory;
import trivium.memory.PhysicalMemory;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand.Place;
import trivium.x86.interp.Cpu;
import trivium.x86.interp.Cpuid;

/**
 * Accesses to devices for which generated code was left: they are done with the guest's registers
 * in the vCPU block. Bound to the vCPU's thread.
 */
final class Devices {
    private static final int CR4_TSD = 1 << 2;

    private final Cpu c;
    private final long[] r;
    private final long registers, rax, address;
    private final PortIo ports;
    private final PhysicalMemory memory;
    private final Cpuid cpuid;

    /** Whether the time-stamp counter follows the host's clock during this run, and how. */
    private boolean follows;

    private long tscAhead;

    // What host code was told of it.
    private boolean offered;
    private long offeredOffset, offeredAux;

    Devices(Cpu c) {
        this.c = c;
        r = c.r;
        registers = c.area + Area.register(0);
        rax = c.area + Area.register(RAX);
        address = c.area + Area.ADDRESS;
        ports = c.vcpu.ports();
        memory = c.memory;
        cpuid = new Cpuid(c.model);
        HostMemory.putLong(c.area + Area.CLOCK_GETTIME, HostClock.function());
    }

    /** The vCPU begins to run. */
    void enter() {
        OptionalLong ahead = c.vcpu.tscAheadOfHost();
        follows = ahead.isPresent() && HostMemory.getLong(c.area + Area.CLOCK_GETTIME) != 0;
        tscAhead = ahead.orElse(0);
        offered = false;
        HostMemory.putInt(c.area + Area.TSC_OFFERED, 0);
    }

    /** Before host code is entered: whether it may read the time-stamp counter, and how. */
    void offerTsc() {
        boolean may = follows && (c.s.cr4 & CR4_TSD) == 0;
        long offset = c.s.tscOffset;
        if (may != offered || offset != offeredOffset || c.s.tscAux != offeredAux) {
            offered = may;
            offeredOffset = offset;
            offeredAux = c.s.tscAux;
            HostMemory.putInt(c.area + Area.TSC_AUX, (int) offeredAux);
            HostMemory.putLong(c.area + Area.TSC_AHEAD, tscAhead + offset);
            HostMemory.putInt(c.area + Area.TSC_OFFERED, may ? 1 : 0);
        }
    }

    /** Whether an instruction is allowed, and cannot fault. */
    boolean mayRun(Instruction in) {
        return switch (in.mnemonic()) {
            case IN, OUT, CPUID -> true;
            case RDTSC, RDTSCP -> c.cpl == 0 || (c.s.cr4 & CR4_TSD) == 0;
            case MOV_FROM_CR -> c.cpl == 0;
            case MOV_TO_CR -> c.cpl == 0 && HostMemory.getLong(register(in.rm)) >>> 4 == 0;
            default -> false;
        };
    }

    void run(Instruction in) {
        switch (in.mnemonic()) {
            case RDTSC -> tsc();
            case RDTSCP -> {
                tsc();
                set(RCX, 4, c.s.tscAux);
            }
            case CPUID -> cpuid();
            case MOV_FROM_CR -> HostMemory.putLong(register(in.rm), c.vcpu.apic().taskPriority());
            case MOV_TO_CR -> {
                c.s.cr8 = HostMemory.getLong(register(in.rm));
                c.vcpu.apic().setTaskPriority((int) c.s.cr8);
            }
            default -> port(in);
        }
    }

    private void tsc() {
        long tsc = c.vcpu.tsc() + c.s.tscOffset;
        set(RAX, 4, tsc);
        set(RDX, 4, tsc >>> 32);
    }

    private void cpuid() {
        cpuid.answer(c, HostMemory.getInt(rax), HostMemory.getInt(register(RCX)));
        set(RAX, 4, cpuid.eax);
        set(RBX, 4, cpuid.ebx);
        set(RCX, 4, cpuid.ecx);
        set(RDX, 4, cpuid.edx);
    }

    private long register(int n) {
        return registers + 8L * n;
    }

    /** IN or OUT, allowed, of the port in {@link Area#ADDRESS}. */
    private void port(Instruction in) {
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
                if (bytes == 1) {
                    HostMemory.putByte(octet(in, 0), (byte) value);
                } else {
                    set(in.register(0), bytes, value);
                }
            }
        }
    }

    private long source(Instruction in) {
        if (in.operand(1).place() == Place.IMM) {
            return in.imm;
        }
        return in.bytes(1) == 1
                ? HostMemory.getByte(octet(in, 1))
                : HostMemory.getLong(register(in.register(1)));
    }

    /** Where a byte register is. */
    private long octet(Instruction in, int i) {
        return register(in.wholeRegister(i)) + (in.isHighByte(i) ? 1 : 0);
    }

    private void set(int register, int bytes, long value) {
        long at = register(register);
        switch (bytes) {
            case 2 -> HostMemory.putShort(at, (short) value);
            case 4 -> HostMemory.putLong(at, value & 0xffff_ffffL);
            default -> HostMemory.putLong(at, value);
        }
    }
}
