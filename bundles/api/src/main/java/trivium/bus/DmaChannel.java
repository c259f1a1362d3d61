package trivium.bus;

import org.osgi.annotation.versioning.ProviderType;

/** One channel of the 8237A pair as a device sees it (floppy: channel 2). */
@ProviderType
public interface DmaChannel {
    /** Bytes that remain until terminal count; 0 if masked or done. */
    int remaining();

    /**
     * Device to memory.
     *
     * @return bytes transferred, fewer than {@code length} at terminal count
     */
    int toMemory(byte[] from, int offset, int length);

    /** Memory to device. */
    int fromMemory(byte[] into, int offset, int length);
}
