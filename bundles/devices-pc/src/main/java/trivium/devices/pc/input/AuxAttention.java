package trivium.devices.pc.input;

/** Provided by the keyboard controller: how another mouse makes the guest's PS/2 driver look. */
interface AuxAttention {
    /** Sends a PS/2 packet that says nothing, unless one is on its way already. */
    void call();
}
