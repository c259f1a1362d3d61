package trivium.x86.interp;

import static trivium.x86.interp.Flags.*;

import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;

/**
 * What of the flags register a program may see and change (SDM Vol. 1 "EFLAGS Register", Vol. 2
 * "POPF", "CLI", "STI"; Vol. 3B "Virtual-8086 Mode Extensions"), and the I/O permissions that hang
 * on IOPL.
 */
final class FlagRules {
    private static final int IO_MAP_BASE = 102;

    private final Cpu c;
    private final VcpuState s;

    FlagRules(Cpu c) {
        this.c = c;
        s = c.s;
    }

    int iopl() {
        return (int) (s.rflags & IOPL) >>> 12;
    }

    boolean vme() {
        return c.v86 && (s.cr4 & CR4_VME) != 0;
    }

    private boolean pvi() {
        return c.protectedMode && !c.v86 && (s.cr4 & CR4_PVI) != 0 && c.cpl == 3;
    }

    // ---- PUSHF, POPF

    /** What PUSHF of {@code size} bytes stores; #GP(0) in virtual-8086 mode if IOPL forbids. */
    long pushedFlags(int size) {
        if (!c.v86 || iopl() == 3) {
            return image(size);
        }
        if (!vme() || size != 2) {
            throw c.gp(0);
        }
        return virtualImage();
    }

    /** The flags image of an interrupt or PUSHF, RF and VM cleared. */
    long image(int size) {
        long flags = c.flags() & ~(long) (RF | VM);
        if (c.model == CpuModel.I8086) {
            flags |= 0xf000;
        }
        return size == 2 ? flags & 0xffff : flags;
    }

    /** VME: IF shows VIF, IOPL shows 3. */
    long virtualImage() {
        long flags = c.flags() & 0xffff & ~(long) IF | IOPL;
        return (s.rflags & VIF) != 0 ? flags | IF : flags;
    }

    /** POPF: sets the flags that this mode and privilege let it set. */
    void pop(long value, int size) {
        if (c.v86 && iopl() < 3) {
            if (!vme() || size != 2 || (value & TF) != 0) {
                throw c.gp(0);
            }
            if ((value & IF) != 0 && (s.rflags & VIP) != 0) {
                throw c.gp(0);
            }
            popVirtual(value);
            return;
        }
        long mask = STATUS | TF | DF | NT;
        if (size > 2) {
            mask |= AC | (c.features.contains(trivium.x86.decode.Feature.CPUID) ? ID : 0);
            // POPFD clears RF.
            s.rflags &= ~(long) RF;
        }
        if (c.cpl == 0) {
            mask |= IOPL;
        }
        if (c.cpl <= iopl()) {
            mask |= IF;
        }
        set(value, mask);
    }

    /** A 16-bit POPF or IRET in virtual-8086 mode with VME and IOPL below 3: IF goes to VIF. */
    void popVirtual(long value) {
        set(value, STATUS | TF | DF | NT);
        s.rflags = (value & IF) != 0 ? s.rflags | VIF : s.rflags & ~(long) VIF;
    }

    /** Sets the flags in {@code mask}, within what the CPU model has, and what follows from it. */
    void set(long value, long mask) {
        mask &= settable();
        s.rflags = c.flags() & ~mask | value & mask | 2;
        if (c.model == CpuModel.I8086) {
            s.rflags |= 0xf000;
        }
        c.setStatusFlags((int) s.rflags);
        c.privilegeChanged();
        c.system.updateAttention();
    }

    /** Flags that the CPU model has. */
    long existing() {
        return settable();
    }

    private long settable() {
        return switch (c.model) {
            case I8086 -> STATUS | TF | IF | DF;
            case I80286 -> STATUS | TF | IF | DF | (c.protectedMode ? IOPL | NT : 0);
            // The 386 has neither AC nor ID nor the virtual interrupt flag.
            case I386 -> STATUS | TF | IF | DF | IOPL | NT | RF | VM;
            default -> STATUS | TF | IF | DF | IOPL | NT | RF | VM | AC | VIF | VIP | ID;
        };
    }

    // ---- CLI, STI

    void cli() {
        if (c.cpl <= iopl()) {
            s.rflags &= ~(long) IF;
        } else if (vme() || pvi()) {
            s.rflags &= ~(long) VIF;
        } else {
            throw c.gp(0);
        }
    }

    void sti() {
        if (c.cpl <= iopl()) {
            if ((s.rflags & IF) == 0) {
                s.rflags |= IF;
                s.interruptShadow = VcpuState.SHADOW_STI;
                c.attention |= Cpu.SHADOW;
            }
        } else if ((vme() || pvi()) && (s.rflags & VIP) == 0) {
            s.rflags |= VIF;
        } else {
            throw c.gp(0);
        }
    }

    // ---- I/O

    /** #GP(0) unless the program may access the ports (SDM Vol. 1 "I/O Permission Bit Map"). */
    void checkIo(int port, int size) {
        if (!c.protectedMode || !c.v86 && c.cpl <= iopl()) {
            return;
        }
        boolean tss32 = s.tr.usable() && (s.tr.type() & 8) != 0;
        if (!tss32 || s.tr.limit < IO_MAP_BASE + 1) {
            throw c.gp(0);
        }
        long map = readTss(IO_MAP_BASE);
        long at = map + (port >>> 3);
        // Two bytes are always read: hence the byte of ones after the map.
        if (at + 1 > s.tr.limit) {
            throw c.gp(0);
        }
        long bits = readTss(at);
        if ((bits >>> (port & 7) & (1 << size) - 1) != 0) {
            throw c.gp(0);
        }
    }

    /** Whether VME sends INT {@code vector} to the virtual-8086 program's own handler. */
    boolean redirected(int vector) {
        long map = readTss(IO_MAP_BASE);
        long at = map - 32 + (vector >>> 3);
        if (at < 0 || at > s.tr.limit) {
            throw c.gp(0);
        }
        long bits = c.loadLinear(s.tr.base + at & linearMask(), 1, Mmu.IMPLICIT);
        return (bits >>> (vector & 7) & 1) == 0;
    }

    private long readTss(long offset) {
        return c.loadLinear(s.tr.base + offset & linearMask(), 2, Mmu.IMPLICIT);
    }

    private long linearMask() {
        return c.longMode ? -1L : c.linearMask;
    }
}
