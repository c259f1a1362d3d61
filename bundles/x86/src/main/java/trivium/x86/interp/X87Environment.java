package trivium.x86.interp;

import trivium.cpu.VcpuState;
import trivium.x86.decode.Instruction;

/**
 * FNSTENV, FLDENV, FNSAVE and FRSTOR, in the four formats of SDM Vol. 1 "Saving the x87 FPU's
 * State" (protected or real, 28 or 14 bytes, with 80 bytes of registers after that).
 */
final class X87Environment {
    private static final int ALL_MASKED = 0x3f, REGISTERS = 80;
    private static final long RESERVED = 0xffff_0000L;

    private X87Environment() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case FNSTENV -> new Store(in, false);
            case FNSAVE -> new Store(in, true);
            case FLDENV -> new Load(in, false);
            case FRSTOR -> new Load(in, true);
            default -> null;
        };
    }

    private abstract static class Image extends MemOp {
        final boolean registers;

        /** Bytes of a field, and of the environment. */
        final int field, environment;

        Image(Instruction in, boolean registers) {
            super(in);
            this.registers = registers;
            field = in.operandSize == 2 ? 2 : 4;
            environment = 7 * field;
        }

        final int bytes() {
            return environment + (registers ? REGISTERS : 0);
        }

        static boolean realFormat(Cpu c) {
            return !c.protectedMode || c.v86;
        }
    }

    private static final class Store extends Image {
        Store(Instruction in, boolean registers) {
            super(in, registers);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.checkAvailable();
            // Hardware looks at both ends first: CR2 is then that of the last byte.
            c.checkWrite(seg, ea(c), field);
            c.checkWrite(seg, ea(c, bytes() - 1), 1);
            VcpuState s = c.s;
            put(c, 0, s.fcw | RESERVED);
            put(c, 1, s.fsw | RESERVED);
            put(c, 2, u.tags() | RESERVED);
            if (realFormat(c)) {
                pointers(c);
            } else {
                put(c, 3, s.fip);
                put(c, 4, s.fcs | (long) s.fop << 16);
                put(c, 5, s.fdp);
                put(c, 6, s.fds | RESERVED);
            }
            if (registers) {
                for (int i = 0; i < 8; i++) {
                    int p = u.physical(i);
                    c.store80(seg, ea(c, environment + 10 * i), u.m[p], u.se[p]);
                }
                u.init();
            } else {
                u.setControl(s.fcw | ALL_MASKED);
            }
        }

        /** Real-address mode: linear addresses, their upper bits in a field of their own. */
        private void pointers(Cpu c) {
            VcpuState s = c.s;
            long ip = ((long) s.fcs << 4) + s.fip, dp = ((long) s.fds << 4) + s.fdp;
            put(c, 3, ip & 0xffff | RESERVED);
            put(c, 4, ip >>> 16 << 12 | s.fop);
            put(c, 5, dp & 0xffff | RESERVED);
            put(c, 6, dp >>> 16 << 12);
        }

        private void put(Cpu c, int index, long value) {
            c.store(seg, ea(c, (long) index * field), field, value);
        }
    }

    private static final class Load extends Image {
        Load(Instruction in, boolean registers) {
            super(in, registers);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            c.checkRead(seg, ea(c), field);
            c.checkRead(seg, ea(c, bytes() - 1), 1);
            VcpuState s = c.s;
            int fsw = get(c, 1) & 0xffff;
            if (registers) {
                // before anything else changes: the operand might be where it faults after all
                for (int i = 0; i < 8; i++) {
                    int p = (fsw >>> 11) + i & 7;
                    long m = c.load80(seg, ea(c, environment + 10 * i));
                    u.m[p] = m;
                    u.se[p] = (int) c.high & 0xffff;
                }
            }
            u.setTags(get(c, 2));
            if (realFormat(c)) {
                pointers(c);
            } else {
                s.fip = get(c, 3) & 0xffff_ffffL;
                s.fcs = get(c, 4) & 0xffff;
                s.fop = field == 4 ? get(c, 4) >>> 16 & 0x7ff : s.fop;
                s.fdp = get(c, 5) & 0xffff_ffffL;
                s.fds = get(c, 6) & 0xffff;
            }
            s.fsw = fsw;
            u.setControl(get(c, 0));
        }

        /** Linear addresses go into the offsets, with a selector of zero. */
        private void pointers(Cpu c) {
            VcpuState s = c.s;
            int high = get(c, 4);
            s.fip = get(c, 3) & 0xffff | (high >>> 12 & 0xffffL) << 16;
            s.fop = high & 0x7ff;
            s.fdp = get(c, 5) & 0xffff | (get(c, 6) >>> 12 & 0xffffL) << 16;
            s.fcs = 0;
            s.fds = 0;
        }

        private int get(Cpu c, int index) {
            return (int) c.load(seg, ea(c, (long) index * field), field);
        }
    }
}
