package trivium.cli;

import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.mmu.MmuStrategy;
import trivium.x86.InterpreterEngine;
import trivium.x86.plain.WrappedRunner;

/** The interpreter with a mistake, for those that look for mistakes. */
record WrongEngine(Mistake mistake) implements ExecutionEngine {
    static final String NAME = "wrong";
    private static final int NANOS_PER_INSTRUCTION = 10;

    /** Asked before each piece that runs, after which it may spoil the state. */
    interface Mistake {
        /**
         * @param from instructions that ran so far
         * @param most how many are to run now
         * @return how many shall run before {@link #make} is called
         */
        long next(Vcpu vcpu, long from, long most);

        /**
         * @param count instructions that ran by now
         */
        void make(Vcpu vcpu, long count);
    }

    /** A mistake right after one instruction, however that is reached. */
    record Once(long instruction, java.util.function.Consumer<Vcpu> spoil) implements Mistake {
        @Override
        public long next(Vcpu vcpu, long from, long most) {
            return from < instruction ? Math.min(most, instruction - from) : most;
        }

        @Override
        public void make(Vcpu vcpu, long count) {
            if (count == instruction) {
                spoil.accept(vcpu);
            }
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "makes a mistake";
    }

    @Override
    public Support supportOn(Host host) {
        return Support.YES;
    }

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        return new WrappedRunner(new InterpreterEngine().attach(vcpu, mmu)) {
            @Override
            public VcpuExit run(long instructions) {
                long end = runner.instructions() + instructions;
                VcpuExit exit = null;
                while (exit == null && runner.instructions() < end) {
                    long most = end - runner.instructions();
                    exit = runner.run(mistake.next(vcpu, sincePowerOn(), most));
                    mistake.make(vcpu, sincePowerOn());
                }
                return exit;
            }

            /** Of a guest that never halts; runners come and go. */
            private long sincePowerOn() {
                return vcpu.tsc() / NANOS_PER_INSTRUCTION;
            }
        };
    }
}
