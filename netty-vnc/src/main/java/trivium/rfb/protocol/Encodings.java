package trivium.rfb.protocol;

/** Encoding numbers, RFC 6143 §7.7 "Encodings", and the community's register of them. */
public final class Encodings {
    // spotless:off
    public static final int RAW = 0, COPY_RECT = 1, RRE = 2, HEXTILE = 5, ZLIB = 6, TIGHT = 7, ZRLE = 16;

    public static final int DESKTOP_SIZE          = -223;
    public static final int LAST_RECT             = -224;
    public static final int CURSOR                = -239;
    public static final int COMPRESS_LEVEL_9      = -247;
    public static final int COMPRESS_LEVEL_0      = -256;
    public static final int QEMU_POINTER_MODE     = -257;
    public static final int QEMU_EXTENDED_KEY     = -258;
    public static final int QEMU_LED_STATE        = -261;
    public static final int DESKTOP_NAME          = -307;
    public static final int EXTENDED_DESKTOP_SIZE = -308;
    public static final int XVP                   = -309;
    public static final int FENCE                 = -312;
    public static final int CONTINUOUS_UPDATES    = -313;
    public static final int CURSOR_WITH_ALPHA     = -314;
    public static final int EXTENDED_MOUSE        = -316;
    // spotless:on

    private Encodings() {}
}
