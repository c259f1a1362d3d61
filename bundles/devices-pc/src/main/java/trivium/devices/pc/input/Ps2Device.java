package trivium.devices.pc.input;

/** What is plugged into a PS/2 port, as its controller sees it. */
interface Ps2Device {
    /** Power-on. */
    void reset();

    boolean hasOutput();

    /** The next byte to the host; only if {@link #hasOutput}. */
    int output();

    /** A byte from the host: a command or a command's parameter. */
    void command(int octet);
}
