package trivium.x86.interp;

import trivium.cpu.VcpuState;
import trivium.x86.decode.Feature;
import trivium.x86.decode.Instruction;

/**
 * FXSAVE and FXRSTOR: SDM Vol. 1 "FXSAVE Area". With CR4.OSFXSR clear the XMM registers and MXCSR
 * stay out of it, as on the Pentium III. Bytes 416 (or 288) to 511 are not touched.
 */
final class FxState {
    private static final int AREA = 512, ST = 32, XMM = 160;

    private FxState() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case FXSAVE -> new Save(in);
            case FXRSTOR -> new Restore(in);
            default -> null;
        };
    }

    private static int mxcsrMask(Cpu c) {
        return c.features.contains(Feature.SSE2) ? 0xffff : 0xffbf; // without and with DAZ
    }

    private abstract static class Area extends MemOp {
        /** FIP and FDP are 64 bits and have no selectors. */
        final boolean wide;

        final int xmmRegisters;

        Area(Instruction in) {
            super(in);
            wide = in.mode == 64 && (in.rex & 8) != 0;
            xmmRegisters = in.mode == 64 ? 16 : 8;
        }

        final long begin(Cpu c) {
            c.x87.checkAvailable();
            long offset = ea(c);
            if ((c.base[seg] + offset & 15) != 0) {
                throw c.gp(0);
            }
            return offset;
        }

        static boolean withXmm(Cpu c) {
            return c.features.contains(Feature.SSE) && (c.s.cr4 & Flags.CR4_OSFXSR) != 0;
        }
    }

    private static final class Save extends Area {
        Save(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            long at = begin(c);
            c.checkWrite(seg, at, AREA);
            VcpuState s = c.s;
            long head = s.fcw | (long) s.fsw << 16 | (long) s.ftw << 32 | (long) s.fop << 48;
            c.store64(seg, at, head);
            c.store64(seg, at + 8, wide ? s.fip : s.fip & 0xffff_ffffL | (long) s.fcs << 32);
            c.store64(seg, at + 16, wide ? s.fdp : s.fdp & 0xffff_ffffL | (long) s.fds << 32);
            for (int i = 0; i < 8; i++) {
                int p = c.x87.physical(i);
                c.store128(seg, at + ST + 16 * i, s.fpMantissa[p], s.fpSignExponent[p]);
            }
            if (withXmm(c)) {
                c.store32(seg, at + 24, s.mxcsr);
                c.store32(seg, at + 28, mxcsrMask(c));
                for (int i = 0; i < xmmRegisters; i++) {
                    c.store128(seg, at + XMM + 16 * i, s.xmm[2 * i], s.xmm[2 * i + 1]);
                }
            }
        }
    }

    private static final class Restore extends Area {
        Restore(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            long at = begin(c);
            c.checkRead(seg, at, AREA);
            VcpuState s = c.s;
            boolean xmm = withXmm(c);
            int mxcsr = c.load32(seg, at + 24);
            if (xmm && (mxcsr & ~mxcsrMask(c)) != 0) {
                throw c.gp(0);
            }
            long head = c.load64(seg, at), ip = c.load64(seg, at + 8), dp = c.load64(seg, at + 16);
            s.fsw = (int) (head >>> 16) & 0xffff;
            s.ftw = (int) (head >>> 32) & 0xff;
            s.fop = (int) (head >>> 48) & 0x7ff;
            s.fip = wide ? ip : ip & 0xffff_ffffL;
            s.fcs = wide ? 0 : (int) (ip >>> 32) & 0xffff;
            s.fdp = wide ? dp : dp & 0xffff_ffffL;
            s.fds = wide ? 0 : (int) (dp >>> 32) & 0xffff;
            for (int i = 0; i < 8; i++) {
                int p = c.x87.physical(i);
                s.fpMantissa[p] = c.load64(seg, at + ST + 16 * i);
                s.fpSignExponent[p] = c.load16(seg, at + ST + 16 * i + 8);
            }
            c.x87.setControl((int) head);
            if (xmm) {
                s.mxcsr = mxcsr;
                for (int i = 0; i < xmmRegisters; i++) {
                    s.xmm[2 * i] = c.load128(seg, at + XMM + 16 * i);
                    s.xmm[2 * i + 1] = c.high;
                }
            }
        }
    }
}
