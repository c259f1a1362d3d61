package trivium.rfb.protocol;

/** What a viewer says while it logs in: RFC 6143 §7.1 to §7.3. */
public sealed interface LoginMessage {
    /**
     * @param minor 3, 7 or 8: what is to be spoken
     */
    record Version(int minor) implements LoginMessage {}

    record SecurityType(int type) implements LoginMessage {}

    record VncResponse(byte[] response) implements LoginMessage {}

    record Init(boolean shared) implements LoginMessage {}
}
