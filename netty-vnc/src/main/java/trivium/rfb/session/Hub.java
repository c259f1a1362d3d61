package trivium.rfb.session;

import java.util.concurrent.ScheduledExecutorService;
import trivium.rfb.ConsoleTarget;
import trivium.rfb.RfbConfig;

/**
 * What all connections of one server share.
 *
 * @param executor where pictures are compared and encoded
 */
public record Hub(
        RfbConfig config,
        ConsoleTarget target,
        Clients clients,
        LoginGuard guard,
        ScheduledExecutorService executor) {}
