package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** CMP and TEST, alone or joined with the conditional jump behind them. */
final class CompareOps {
    private CompareOps() {}

    /** CMP or TEST of 32 bits, two registers. */
    static final class Rr32 extends Op {
        final int d;
        final int s;
        final boolean test;

        Rr32(Instruction in, int d, int s, boolean test) {
            super(in);
            this.d = d;
            this.s = s;
            this.test = test;
        }

        @Override
        public void exec(Cpu c) {
            int a = (int) c.r[d];
            int b = (int) c.r[s];
            if (test) {
                c.flagsLogic(a & b);
            } else {
                c.flagsSub32(a, b, a - b);
            }
        }

        @Override
        Op fuse(BranchOps.Jcc jump) {
            return new Rr32Jcc(this, jump);
        }
    }

    private static final class Rr32Jcc extends Op {
        private final int d;
        private final int s;
        private final boolean test;
        private final int cc;
        private final BranchOps.Jcc jump;
        private final long fallThrough;

        Rr32Jcc(Rr32 compare, BranchOps.Jcc jump) {
            super(compare, jump);
            d = compare.d;
            s = compare.s;
            test = compare.test;
            cc = jump.cc;
            this.jump = jump;
            fallThrough = jump.next;
        }

        @Override
        public int instructions() {
            return 2;
        }

        @Override
        public Op second() {
            return jump;
        }

        @Override
        public void exec(Cpu c) {
            int a = (int) c.r[d];
            int b = (int) c.r[s];
            boolean taken;
            if (test) {
                int x = a & b;
                c.flagsLogic(x);
                taken =
                        switch (cc) {
                            case 4 -> x == 0;
                            case 5 -> x != 0;
                            case 8 -> x < 0;
                            case 9 -> x >= 0;
                            case 14 -> x <= 0;
                            case 15 -> x > 0;
                            default -> c.condition(cc);
                        };
            } else {
                c.flagsSub32(a, b, a - b);
                taken =
                        switch (cc) {
                            case 2 -> Integer.compareUnsigned(a, b) < 0;
                            case 3 -> Integer.compareUnsigned(a, b) >= 0;
                            case 4 -> a == b;
                            case 5 -> a != b;
                            case 6 -> Integer.compareUnsigned(a, b) <= 0;
                            case 7 -> Integer.compareUnsigned(a, b) > 0;
                            case 12 -> a < b;
                            case 13 -> a >= b;
                            case 14 -> a <= b;
                            case 15 -> a > b;
                            default -> c.condition(cc);
                        };
            }
            if (taken) {
                jump.take(c);
            } else {
                c.rip = fallThrough;
            }
        }
    }

    /** CMP or TEST of 32 bits, register and immediate. */
    static final class Ri32 extends Op {
        final int d;
        final int b;
        final boolean test;

        Ri32(Instruction in, int d, int b, boolean test) {
            super(in);
            this.d = d;
            this.b = b;
            this.test = test;
        }

        @Override
        public void exec(Cpu c) {
            int a = (int) c.r[d];
            if (test) {
                c.flagsLogic(a & b);
            } else {
                c.flagsSub32(a, b, a - b);
            }
        }

        @Override
        Op fuse(BranchOps.Jcc jump) {
            return new Ri32Jcc(this, jump);
        }
    }

    private static final class Ri32Jcc extends Op {
        private final int d;
        private final int b;
        private final boolean test;
        private final int cc;
        private final BranchOps.Jcc jump;
        private final long fallThrough;

        Ri32Jcc(Ri32 compare, BranchOps.Jcc jump) {
            super(compare, jump);
            d = compare.d;
            b = compare.b;
            test = compare.test;
            cc = jump.cc;
            this.jump = jump;
            fallThrough = jump.next;
        }

        @Override
        public int instructions() {
            return 2;
        }

        @Override
        public Op second() {
            return jump;
        }

        @Override
        public void exec(Cpu c) {
            int a = (int) c.r[d];
            boolean taken;
            if (test) {
                int x = a & b;
                c.flagsLogic(x);
                taken =
                        switch (cc) {
                            case 4 -> x == 0;
                            case 5 -> x != 0;
                            case 8 -> x < 0;
                            case 9 -> x >= 0;
                            case 14 -> x <= 0;
                            case 15 -> x > 0;
                            default -> c.condition(cc);
                        };
            } else {
                c.flagsSub32(a, b, a - b);
                taken =
                        switch (cc) {
                            case 2 -> Integer.compareUnsigned(a, b) < 0;
                            case 3 -> Integer.compareUnsigned(a, b) >= 0;
                            case 4 -> a == b;
                            case 5 -> a != b;
                            case 6 -> Integer.compareUnsigned(a, b) <= 0;
                            case 7 -> Integer.compareUnsigned(a, b) > 0;
                            case 12 -> a < b;
                            case 13 -> a >= b;
                            case 14 -> a <= b;
                            case 15 -> a > b;
                            default -> c.condition(cc);
                        };
            }
            if (taken) {
                jump.take(c);
            } else {
                c.rip = fallThrough;
            }
        }
    }

    /** CMP or TEST of 64 bits, two registers. */
    static final class Rr64 extends Op {
        final int d;
        final int s;
        final boolean test;

        Rr64(Instruction in, int d, int s, boolean test) {
            super(in);
            this.d = d;
            this.s = s;
            this.test = test;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = c.r[s];
            if (test) {
                c.flagsLogic(a & b);
            } else {
                c.flagsSub64(a, b, a - b);
            }
        }

        @Override
        Op fuse(BranchOps.Jcc jump) {
            return new Rr64Jcc(this, jump);
        }
    }

    private static final class Rr64Jcc extends Op {
        private final int d;
        private final int s;
        private final boolean test;
        private final int cc;
        private final BranchOps.Jcc jump;
        private final long fallThrough;

        Rr64Jcc(Rr64 compare, BranchOps.Jcc jump) {
            super(compare, jump);
            d = compare.d;
            s = compare.s;
            test = compare.test;
            cc = jump.cc;
            this.jump = jump;
            fallThrough = jump.next;
        }

        @Override
        public int instructions() {
            return 2;
        }

        @Override
        public Op second() {
            return jump;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            long b = c.r[s];
            boolean taken;
            if (test) {
                long x = a & b;
                c.flagsLogic(x);
                taken =
                        switch (cc) {
                            case 4 -> x == 0;
                            case 5 -> x != 0;
                            case 8 -> x < 0;
                            case 9 -> x >= 0;
                            case 14 -> x <= 0;
                            case 15 -> x > 0;
                            default -> c.condition(cc);
                        };
            } else {
                c.flagsSub64(a, b, a - b);
                taken =
                        switch (cc) {
                            case 2 -> Long.compareUnsigned(a, b) < 0;
                            case 3 -> Long.compareUnsigned(a, b) >= 0;
                            case 4 -> a == b;
                            case 5 -> a != b;
                            case 6 -> Long.compareUnsigned(a, b) <= 0;
                            case 7 -> Long.compareUnsigned(a, b) > 0;
                            case 12 -> a < b;
                            case 13 -> a >= b;
                            case 14 -> a <= b;
                            case 15 -> a > b;
                            default -> c.condition(cc);
                        };
            }
            if (taken) {
                jump.take(c);
            } else {
                c.rip = fallThrough;
            }
        }
    }

    /** CMP or TEST of 64 bits, register and immediate. */
    static final class Ri64 extends Op {
        final int d;
        final long b;
        final boolean test;

        Ri64(Instruction in, int d, long b, boolean test) {
            super(in);
            this.d = d;
            this.b = b;
            this.test = test;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            if (test) {
                c.flagsLogic(a & b);
            } else {
                c.flagsSub64(a, b, a - b);
            }
        }

        @Override
        Op fuse(BranchOps.Jcc jump) {
            return new Ri64Jcc(this, jump);
        }
    }

    private static final class Ri64Jcc extends Op {
        private final int d;
        private final long b;
        private final boolean test;
        private final int cc;
        private final BranchOps.Jcc jump;
        private final long fallThrough;

        Ri64Jcc(Ri64 compare, BranchOps.Jcc jump) {
            super(compare, jump);
            d = compare.d;
            b = compare.b;
            test = compare.test;
            cc = jump.cc;
            this.jump = jump;
            fallThrough = jump.next;
        }

        @Override
        public int instructions() {
            return 2;
        }

        @Override
        public Op second() {
            return jump;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.r[d];
            boolean taken;
            if (test) {
                long x = a & b;
                c.flagsLogic(x);
                taken =
                        switch (cc) {
                            case 4 -> x == 0;
                            case 5 -> x != 0;
                            case 8 -> x < 0;
                            case 9 -> x >= 0;
                            case 14 -> x <= 0;
                            case 15 -> x > 0;
                            default -> c.condition(cc);
                        };
            } else {
                c.flagsSub64(a, b, a - b);
                taken =
                        switch (cc) {
                            case 2 -> Long.compareUnsigned(a, b) < 0;
                            case 3 -> Long.compareUnsigned(a, b) >= 0;
                            case 4 -> a == b;
                            case 5 -> a != b;
                            case 6 -> Long.compareUnsigned(a, b) <= 0;
                            case 7 -> Long.compareUnsigned(a, b) > 0;
                            case 12 -> a < b;
                            case 13 -> a >= b;
                            case 14 -> a <= b;
                            case 15 -> a > b;
                            default -> c.condition(cc);
                        };
            }
            if (taken) {
                jump.take(c);
            } else {
                c.rip = fallThrough;
            }
        }
    }
}
