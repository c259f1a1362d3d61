package trivium.x86.interp;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDI;
import static trivium.cpu.VcpuState.RDX;
import static trivium.cpu.VcpuState.RSI;

import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;

/**
 * String instructions, alone and repeated. A repeated one works in steps: whole runs within a page
 * where both sides are plain memory, else one element at a time. Registers are up to date after
 * each step, so that a fault or an interrupt leaves an instruction that can be resumed.
 */
final class StringOps {
    /** Elements between two looks at pending interrupts. */
    private static final int BURST = 4096;

    private StringOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case MOVS, STOS, LODS, SCAS, CMPS, INS, OUTS -> new StringOp(in);
            default -> null;
        };
    }

    private static final class StringOp extends Op {
        private final Mnemonic kind;
        private final int bytes, sh;
        private final int segment;
        private final long mask;
        private final int addressBytes;
        private final int rep;
        private final boolean io;

        StringOp(Instruction in) {
            super(in);
            kind = in.mnemonic();
            int operand = kind == Mnemonic.OUTS ? 1 : 0;
            bytes = in.bytes(operand);
            sh = Alu.shiftOf(bytes);
            segment = in.segment;
            addressBytes = in.addressSize;
            mask = addressBytes == 2 ? 0xffffL : addressBytes == 4 ? 0xffff_ffffL : -1L;
            rep = in.rep;
            io = kind == Mnemonic.INS || kind == Mnemonic.OUTS;
        }

        @Override
        public void exec(Cpu c) {
            if (io) {
                c.system.checkIo((int) c.r[RDX] & 0xffff, bytes);
            }
            if (c.model == CpuModel.I80286) {
                on80286(c);
            } else {
                plain(c);
            }
        }

        private void on80286(Cpu c) {
            try {
                plain(c);
            } catch (GuestException e) {
                throw StringFault80286.leave(c, e, kind, bytes, segment, rep != 0);
            }
        }

        private void plain(Cpu c) {
            if (rep == 0) {
                element(c);
                if (io) {
                    c.rip = next;
                }
            } else if ((c.r[RCX] & mask) == 0) {
                nothing(c);
            } else if (kind == Mnemonic.CMPS || kind == Mnemonic.SCAS) {
                repeatCompare(c);
            } else {
                repeat(c);
            }
        }

        /** No iterations; but 32-bit addresses in 64-bit mode have cleared upper halves by then. */
        private void nothing(Cpu c) {
            if (addressBytes == 4) {
                c.r[RCX] = 0;
                if (kind == Mnemonic.MOVS) {
                    c.r[RSI] &= mask;
                }
                if (kind == Mnemonic.MOVS || kind == Mnemonic.STOS) {
                    c.r[RDI] &= mask;
                }
            }
            c.rip = next;
        }

        /**
         * A fault leaves the flags as they were before all iterations, from the 386 on; so does an
         * interrupt, but not a trap after each iteration.
         */
        private void repeatCompare(Cpu c) {
            int flags = c.statusFlags();
            boolean stepped = c.attention != 0 || c.noFastPath;
            try {
                repeat(c);
                if (c.rip == ip && !stepped && c.model.atLeast(CpuModel.I386)) {
                    c.setStatusFlags(flags);
                }
            } catch (GuestException e) {
                if (c.model.atLeast(CpuModel.I386)) {
                    c.setStatusFlags(flags);
                }
                throw e;
            }
        }

        private void repeat(Cpu c) {
            // Traps and breakpoints are looked at after every element.
            long budget = c.attention != 0 || c.noFastPath ? 1 : BURST;
            boolean compares = kind == Mnemonic.CMPS || kind == Mnemonic.SCAS;
            int before = c.vcpu.pending();
            c.overwritten = false;
            while (true) {
                long count = c.r[RCX] & mask;
                if (count == 0) {
                    if (addressBytes == 4) {
                        truncateRegisters(c);
                    }
                    c.rip = next;
                    return;
                }
                if (budget <= 0 || c.overwritten || (c.vcpu.pending() & ~before) != 0) {
                    // Interrupts may come in between: this instruction goes on afterwards, if it
                    // is still there. In whatever pieces it was done, it stops when it was not.
                    c.rip = ip;
                    c.unfinished++;
                    return;
                }
                long done = budget > 1 && !compares ? run(c, Math.min(count, budget)) : 0;
                if (done == 0) {
                    element(c);
                    done = 1;
                }
                Registers.set(c, RCX, 0, addressBytes, count - done);
                budget -= done;
                if (compares && c.zf() != (rep == Instruction.REP)) {
                    c.rip = next;
                    return;
                }
            }
        }

        /**
         * Even with nothing to do the registers are written back, which clears their upper halves.
         */
        private void truncateRegisters(Cpu c) {
            c.set32(RCX, 0);
            if (kind == Mnemonic.MOVS || kind == Mnemonic.CMPS || kind == Mnemonic.LODS) {
                c.set32(RSI, (int) c.r[RSI]);
            }
            if (kind != Mnemonic.LODS && kind != Mnemonic.OUTS) {
                c.set32(RDI, (int) c.r[RDI]);
            }
        }

        /** Many elements at once, forwards. @return how many; 0 if they must go one by one */
        private long run(Cpu c, long count) {
            if ((c.s.rflags & Flags.DF) != 0) {
                return 0;
            }
            return switch (kind) {
                case MOVS -> runMovs(c, count);
                case STOS -> runStos(c, count);
                default -> 0;
            };
        }

        private long runMovs(Cpu c, long count) {
            long si = c.r[RSI] & mask;
            long di = c.r[RDI] & mask;
            long n = Math.min(count, Math.min(inPage(c, segment, si), inPage(c, VcpuState.ES, di)));
            if (n < 2) {
                return 0;
            }
            int length = (int) n * bytes;
            long to = c.writable(VcpuState.ES, di, length);
            long from = c.readable(segment, si, length);
            if (to == 0 || from == 0) {
                return 0;
            }
            if (to > from && to < from + length) {
                // Overlapping upwards repeats a pattern: element by element, as the processor does.
                for (long i = 0; i < length; i += bytes) {
                    HostMemory.put(to + i, bytes, HostMemory.get(from + i, bytes));
                }
            } else {
                HostMemory.copy(from, to, length);
            }
            advance(c, RSI, n);
            advance(c, RDI, n);
            return n;
        }

        private long runStos(Cpu c, long count) {
            long di = c.r[RDI] & mask;
            long n = Math.min(count, inPage(c, VcpuState.ES, di));
            if (n < 2) {
                return 0;
            }
            int length = (int) n * bytes;
            long to = c.writable(VcpuState.ES, di, length);
            if (to == 0) {
                return 0;
            }
            long value = c.r[RAX];
            if (bytes == 1 || (value << sh >>> sh) == 0) {
                HostMemory.fill(to, length, (byte) value);
            } else {
                for (long i = 0; i < length; i += bytes) {
                    HostMemory.put(to + i, bytes, value);
                }
            }
            advance(c, RDI, n);
            return n;
        }

        /**
         * Whole elements from an offset to the end of its linear page, and before the offset wraps.
         */
        private long inPage(Cpu c, int seg, long offset) {
            long linear = c.base[seg] + offset;
            long n = (4096 - (linear & 0xfff)) / bytes;
            return addressBytes == 2 ? Math.min(n, (0x10000 - offset) / bytes) : n;
        }

        private void advance(Cpu c, int register, long elements) {
            Registers.set(c, register, 0, addressBytes, c.r[register] + elements * bytes);
        }

        private void element(Cpu c) {
            long step = (c.s.rflags & Flags.DF) != 0 ? -1 : 1;
            long si = c.r[RSI] & mask;
            long di = c.r[RDI] & mask;
            switch (kind) {
                case MOVS -> {
                    c.store(VcpuState.ES, di, bytes, c.load(segment, si, bytes));
                    advance(c, RSI, step);
                    advance(c, RDI, step);
                }
                case STOS -> {
                    c.store(VcpuState.ES, di, bytes, c.r[RAX]);
                    advance(c, RDI, step);
                }
                case LODS -> {
                    Registers.set(c, RAX, 0, bytes, c.load(segment, si, bytes));
                    advance(c, RSI, step);
                }
                case SCAS -> {
                    long b = c.load(VcpuState.ES, di, bytes) << sh >> sh;
                    Alu.sub(c, c.r[RAX] << sh >> sh, b, 0, sh);
                    advance(c, RDI, step);
                }
                case CMPS -> {
                    long a = c.load(segment, si, bytes) << sh >> sh;
                    long b = c.load(VcpuState.ES, di, bytes) << sh >> sh;
                    Alu.sub(c, a, b, 0, sh);
                    advance(c, RSI, step);
                    advance(c, RDI, step);
                }
                case INS -> {
                    int port = (int) c.r[RDX] & 0xffff;
                    // Nothing is taken from the device if the store would fault.
                    c.checkWrite(VcpuState.ES, di, bytes);
                    c.store(VcpuState.ES, di, bytes, c.vcpu.ports().in(port, bytes));
                    advance(c, RDI, step);
                }
                default -> {
                    int port = (int) c.r[RDX] & 0xffff;
                    long value = c.load(segment, si, bytes);
                    c.vcpu.ports().out(port, bytes, (int) value);
                    advance(c, RSI, step);
                }
            }
        }
    }
}
