package trivium.cpu;

/** Why a runner returned to the machine. */
public sealed interface VcpuExit {
    /**
     * HLT with the state's activity HALTED (or WAIT_FOR_SIPI after INIT of an application
     * processor).
     */
    record Halted() implements VcpuExit {}

    /** Somebody set the vCPU's KICK bit. */
    record Kicked() implements VcpuExit {}

    /** Triple fault: the state's activity is SHUTDOWN. The board decides what follows. */
    record TripleFault() implements VcpuExit {}

    /** The engine cannot go on with this guest; the state is the one before the instruction. */
    record Failed(String reason) implements VcpuExit {}

    VcpuExit HALTED = new Halted();
    VcpuExit KICKED = new Kicked();
    VcpuExit TRIPLE_FAULT = new TripleFault();
}
