package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/** Ends a block between two instructions: its own code was just overwritten. */
final class Stop extends RuntimeException {
    static final Stop INSTANCE = new Stop();
    static final Op OP =
            new Op(new Instruction()) {
                @Override
                public void exec(Cpu c) {
                    throw INSTANCE;
                }
            };

    private Stop() {
        super(null, null, false, false);
    }
}
