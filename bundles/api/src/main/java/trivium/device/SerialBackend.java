package trivium.device;

import org.osgi.annotation.versioning.ProviderType;

/** The host's end of a serial line. */
@ProviderType
public interface SerialBackend {
    /** A byte from the guest. Must not block. */
    void send(int octet);

    /**
     * Takes what the host has for the guest.
     *
     * @return a byte, or -1 if there is none
     */
    int receive();

    /** Told, on any thread and with no lock held, that {@link #receive} has something. */
    void onReceivable(Runnable listener);
}
