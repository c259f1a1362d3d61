package trivium.rfb;

import java.time.Duration;
import java.util.Optional;

/**
 * How a server treats its viewers.
 *
 * @param password what viewers must know (eight characters count); empty: everybody on this host
 *     may watch, and other hosts cannot connect
 * @param sharing what a viewer that asks to be alone gets
 * @param maxClients viewers logged in at once
 * @param framesPerSecond at most this many updates for each viewer
 * @param loginTimeout how long logging in may take
 * @param typeClipboard whether text a viewer cuts is typed to the guest
 */
public record RfbConfig(
        Optional<String> password,
        Sharing sharing,
        int maxClients,
        int framesPerSecond,
        Duration loginTimeout,
        boolean typeClipboard) {

    /** RFC 6143 §7.3.1 "ClientInit": what becomes of the shared-flag. */
    public enum Sharing {
        /** Everybody shares, whatever they ask for. */
        ALWAYS,
        /** A viewer may have the others disconnected. */
        ALLOW_EXCLUSIVE,
        /** A viewer that wants to be alone is refused. */
        REFUSE_EXCLUSIVE
    }

    public RfbConfig {
        if (password.filter(String::isEmpty).isPresent()) {
            throw new IllegalArgumentException("an empty password protects nothing");
        }
        if (maxClients < 1 || framesPerSecond < 1 || framesPerSecond > 1000) {
            throw new IllegalArgumentException("at least one client, 1 to 1000 frames per second");
        }
    }

    public static RfbConfig withPassword(String password) {
        return of(Optional.of(password));
    }

    /** For loopback only. */
    public static RfbConfig withoutPassword() {
        return of(Optional.empty());
    }

    private static RfbConfig of(Optional<String> password) {
        return new RfbConfig(password, Sharing.ALWAYS, 32, 60, Duration.ofSeconds(30), false);
    }

    public RfbConfig sharing(Sharing choice) {
        return new RfbConfig(
                password, choice, maxClients, framesPerSecond, loginTimeout, typeClipboard);
    }

    public RfbConfig maxClients(int clients) {
        return new RfbConfig(
                password, sharing, clients, framesPerSecond, loginTimeout, typeClipboard);
    }

    public RfbConfig loginTimeout(Duration timeout) {
        return new RfbConfig(
                password, sharing, maxClients, framesPerSecond, timeout, typeClipboard);
    }

    public RfbConfig typeClipboard(boolean type) {
        return new RfbConfig(password, sharing, maxClients, framesPerSecond, loginTimeout, type);
    }

    @Override
    public String toString() {
        return "RfbConfig[%s, %s, %d clients]"
                .formatted(password.isPresent() ? "password" : "open", sharing, maxClients);
    }
}
