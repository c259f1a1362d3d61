package trivium.x86.interp;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;
import static trivium.x86.interp.Flags.*;

import trivium.cpu.CpuModel;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Row.Attribute;

/** Ops of SystemRows, and CPUID. */
final class SystemOps {
    private SystemOps() {}

    /** What an instruction does once privilege and mode are checked; {@code c.rip} is next. */
    @FunctionalInterface
    private interface Action {
        void run(Cpu c, SystemOp op);
    }

    /** An op with the checks of its row. */
    private static final class SystemOp extends MemOp {
        final Instruction in;
        private final boolean endsBlock, privileged, protectedOnly;
        private final Action action;

        SystemOp(Instruction in, Action action) {
            super(in);
            this.in = in;
            this.action = action;
            endsBlock = in.row.is(Attribute.ENDS_BLOCK);
            privileged = in.row.is(Attribute.PRIVILEGED);
            protectedOnly = in.row.is(Attribute.PROTECTED_ONLY);
        }

        @Override
        public void exec(Cpu c) {
            if (protectedOnly && (!c.protectedMode || c.v86)) {
                throw c.ud();
            }
            if (privileged && c.cpl != 0) {
                throw c.gp(0);
            }
            if (endsBlock) {
                c.rip = next;
            }
            action.run(c, this);
        }

        long address(Cpu c, long more) {
            return ea(c, more);
        }

        int segment() {
            return seg;
        }

        /** The 16-bit operand Ew. */
        int word(Cpu c) {
            return in.isRegisterForm() ? (int) c.r[in.rm] & 0xffff : c.load16(seg, ea(c));
        }

        /** Stores 16 bits to memory, or a register of operand size. */
        void store(Cpu c, long value) {
            if (in.isRegisterForm()) {
                Registers.set(c, in.rm, 0, in.operandSize, value);
            } else {
                c.store16(seg, ea(c), (int) value);
            }
        }
    }

    /**
     * @return null if the instruction is not of this group
     */
    static Op build(Instruction in, Cpu c) {
        Action action = action(in);
        return action == null ? null : new SystemOp(in, action);
    }

    private static Action action(Instruction in) {
        return switch (in.mnemonic()) {
            case CALL_FAR -> (c, op) -> far(c, op, true);
            case JMP_FAR -> (c, op) -> far(c, op, false);
            case RETF -> (c, op) -> c.system.returns.retf(in.operandSize, release(in));
            case IRET -> (c, op) -> c.system.returns.iret(in.operandSize);
            case INT -> (c, op) -> interrupt(c, (int) in.imm & 0xff);
            case INT3 -> (c, op) -> software(c, GuestException.BP);
            case INTO -> SystemOps::into;
            case INT1 -> SystemOps::int1;
            case HLT -> (c, op) -> c.system.halt();
            case CLI -> (c, op) -> c.system.flags.cli();
            case STI -> (c, op) -> c.system.flags.sti();
            case CPUID -> (c, op) -> c.system.cpuid();
            case RSM -> SystemOps::undefined;
            case SYSCALL -> (c, op) -> syscall(c);
            case SYSRET -> (c, op) -> c.system.fastCalls.sysret(in.operandSize);
            case SYSENTER -> (c, op) -> c.system.fastCalls.sysenter();
            case SYSEXIT -> (c, op) -> c.system.fastCalls.sysexit(in.operandSize);
            case SWAPGS -> (c, op) -> c.system.fastCalls.swapgs();
            case CLAC -> (c, op) -> alignmentFlag(c, false);
            case STAC -> (c, op) -> alignmentFlag(c, true);
            default -> tables(in);
        };
    }

    private static Action tables(Instruction in) {
        return switch (in.mnemonic()) {
            case SLDT -> (c, op) -> storeGuarded(c, op, c.s.ldtr.selector);
            case STR -> (c, op) -> storeGuarded(c, op, c.s.tr.selector);
            case SMSW -> (c, op) -> storeGuarded(c, op, c.system.control.msw());
            case LLDT -> (c, op) -> c.system.queries.loadLdt(op.word(c));
            case LTR -> (c, op) -> c.system.queries.loadTask(op.word(c));
            case LMSW -> (c, op) -> c.system.control.lmsw(op.word(c));
            case VERR -> (c, op) -> c.system.queries.verifyRead(op.word(c));
            case VERW -> (c, op) -> c.system.queries.verifyWrite(op.word(c));
            case LAR -> SystemOps::lar;
            case LSL -> SystemOps::lsl;
            case ARPL -> SystemOps::arpl;
            case SGDT -> (c, op) -> storeTable(c, op, c.s.gdtrLimit, c.s.gdtrBase);
            case SIDT -> (c, op) -> storeTable(c, op, c.s.idtrLimit, c.s.idtrBase);
            case LGDT -> (c, op) -> loadTable(c, op, true);
            case LIDT -> (c, op) -> loadTable(c, op, false);
            default -> registers(in);
        };
    }

    private static Action registers(Instruction in) {
        return switch (in.mnemonic()) {
            case CLTS -> (c, op) -> c.system.control.clts();
            case INVD, WBINVD -> (c, op) -> {};
            case INVLPG -> SystemOps::invlpg;
            case MOV_FROM_CR -> (c, op) -> setRegister(c, in, c.system.control.read(in.reg));
            case MOV_TO_CR -> (c, op) -> c.system.control.write(in.reg, c.r[in.rm]);
            case MOV_FROM_DR -> (c, op) -> setRegister(c, in, c.system.debug.read(in.reg));
            case MOV_TO_DR -> (c, op) -> c.system.debug.write(in.reg, c.r[in.rm], c.mode64);
            case RDTSC -> (c, op) -> rdtsc(c);
            case RDTSCP -> SystemOps::rdtscp;
            case RDPMC -> SystemOps::rdpmc;
            case RDMSR -> (c, op) -> setPair(c, c.system.msrs.read((int) c.r[RCX]));
            case WRMSR -> (c, op) -> c.system.msrs.write((int) c.r[RCX], pair(c));
            default -> null;
        };
    }

    // ---- transfers

    private static void far(Cpu c, SystemOp op, boolean call) {
        Instruction in = op.in;
        int size = in.operandSize;
        long offset = in.imm;
        int selector = (int) in.imm2;
        if (in.opcode == 0xff) {
            offset = c.load(op.segment(), op.address(c, 0), size);
            selector = c.load16(op.segment(), op.address(c, size));
        }
        if (call) {
            c.system.transfers.call(selector, offset, size, op.next);
        } else {
            c.system.transfers.jump(selector, offset, size, op.next);
        }
    }

    private static int release(Instruction in) {
        return in.row.operands().isEmpty() ? 0 : (int) in.imm & 0xffff;
    }

    private static void interrupt(Cpu c, int vector) {
        c.system.debug.suppressStep();
        if (c.v86) {
            c.system.events.interruptInV86(vector);
        } else {
            c.system.events.softwareInterrupt(vector);
        }
    }

    private static void software(Cpu c, int vector) {
        c.system.debug.suppressStep();
        c.system.events.softwareInterrupt(vector);
    }

    private static void into(Cpu c, SystemOp op) {
        if (c.of()) {
            software(c, GuestException.OF);
        }
    }

    private static void int1(Cpu c, SystemOp op) {
        c.system.debug.joinHits();
        c.system.events.privilegedInterrupt(GuestException.DB);
    }

    private static void syscall(Cpu c) {
        long next = c.rip;
        c.system.fastCalls.syscall(next);
        if ((c.s.rflags & TF) == 0) {
            c.system.debug.suppressStep();
        }
    }

    private static void undefined(Cpu c, SystemOp op) {
        throw c.ud();
    }

    // ---- flags

    private static void alignmentFlag(Cpu c, boolean set) {
        if (c.cpl != 0) {
            throw c.ud();
        }
        c.s.rflags = set ? c.s.rflags | AC : c.s.rflags & ~(long) AC;
        c.privilegeChanged();
    }

    // ---- descriptors and tables

    private static void guard(Cpu c) {
        if (c.cpl != 0 && (c.s.cr4 & CR4_UMIP) != 0) {
            throw c.gp(0);
        }
    }

    private static void storeGuarded(Cpu c, SystemOp op, long value) {
        guard(c);
        op.store(c, value);
    }

    private static void lar(Cpu c, SystemOp op) {
        long rights = c.system.queries.accessRights(op.word(c), op.in.operandSize);
        if (rights >= 0) {
            Registers.set(c, op.in.reg, 0, op.in.operandSize, rights);
        }
    }

    private static void lsl(Cpu c, SystemOp op) {
        long limit = c.system.queries.limit(op.word(c));
        if (limit >= 0) {
            Registers.set(c, op.in.reg, 0, op.in.operandSize, limit);
        }
    }

    private static void arpl(Cpu c, SystemOp op) {
        int source = (int) c.r[op.in.reg];
        if (op.in.isRegisterForm()) {
            int adjusted = c.system.queries.adjustRpl((int) c.r[op.in.rm] & 0xffff, source);
            c.set16(op.in.rm, adjusted);
            return;
        }
        long ea = op.address(c, 0);
        c.checkWrite(op.segment(), ea, 2);
        int old = c.load16(op.segment(), ea);
        c.store16(op.segment(), ea, c.system.queries.adjustRpl(old, source));
    }

    private static void storeTable(Cpu c, SystemOp op, int limit, long base) {
        guard(c);
        int size = c.mode64 ? 8 : 4;
        int seg = op.segment();
        long value = c.model == CpuModel.I80286 ? base | 0xff00_0000L : base;
        c.checkWrite(seg, op.address(c, 2), size);
        c.store16(seg, op.address(c, 0), limit);
        c.store(seg, op.address(c, 2), size, value);
    }

    private static void loadTable(Cpu c, SystemOp op, boolean global) {
        int seg = op.segment();
        int limit = c.load16(seg, op.address(c, 0));
        long base = c.load(seg, op.address(c, 2), c.mode64 ? 8 : 4);
        if (op.in.operandSize == 2 && !c.mode64) {
            base &= 0xff_ffff;
        }
        if (c.mode64 && !SegmentUnit.canonical(base)) {
            throw c.gp(0);
        }
        if (global) {
            c.s.gdtrBase = base;
            c.s.gdtrLimit = limit;
        } else {
            c.s.idtrBase = base;
            c.s.idtrLimit = limit;
        }
    }

    private static void invlpg(Cpu c, SystemOp op) {
        c.system.control.invlpg(c.base[op.segment()] + op.address(c, 0) & c.linearMask);
    }

    // ---- registers

    private static void setRegister(Cpu c, Instruction in, long value) {
        if (c.mode64) {
            c.r[in.rm] = value;
        } else {
            c.set32(in.rm, (int) value);
        }
    }

    private static void setPair(Cpu c, long value) {
        c.set32(RAX, (int) value);
        c.set32(RDX, (int) (value >>> 32));
    }

    private static long pair(Cpu c) {
        return c.r[RAX] & 0xffff_ffffL | c.r[RDX] << 32;
    }

    private static void rdtsc(Cpu c) {
        if (c.cpl != 0 && (c.s.cr4 & CR4_TSD) != 0) {
            throw c.gp(0);
        }
        setPair(c, c.system.msrs.tsc());
    }

    private static void rdtscp(Cpu c, SystemOp op) {
        rdtsc(c);
        c.set32(RCX, (int) c.s.tscAux);
    }

    /** Two performance counters that never count. */
    private static void rdpmc(Cpu c, SystemOp op) {
        boolean known = (c.r[RCX] & 0xffff_ffffL) < 2;
        if (c.cpl != 0 && (c.s.cr4 & CR4_PCE) == 0 || !known) {
            throw c.gp(0);
        }
        setPair(c, 0);
    }
}
