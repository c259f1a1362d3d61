package trivium.rfb.protocol;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * RFC 6143 §7.2.2 "VNC Authentication": DES with the password as key, each of its bytes mirrored.
 * Weak, but what every viewer has.
 */
public final class VncAuth {
    static final int CHALLENGE_LENGTH = 16;
    private static final int KEY_LENGTH = 8;
    private static final SecureRandom RANDOM = new SecureRandom();

    private VncAuth() {}

    public static byte[] challenge() {
        byte[] challenge = new byte[CHALLENGE_LENGTH];
        RANDOM.nextBytes(challenge);
        return challenge;
    }

    /** In constant time. */
    public static boolean matches(String password, byte[] challenge, byte[] response) {
        return !password.isEmpty()
                && MessageDigest.isEqual(response(password, challenge), response);
    }

    public static byte[] response(String password, byte[] challenge) {
        byte[] key = Arrays.copyOf(password.getBytes(StandardCharsets.ISO_8859_1), KEY_LENGTH);
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (Integer.reverse(key[i]) >>> 24);
        }
        try {
            Cipher des = Cipher.getInstance("DES/ECB/NoPadding");
            des.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "DES"));
            return des.doFinal(challenge);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no DES", e);
        }
    }
}
