package trivium.rfb.session;

import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Connections of one server: those logging in and those logged in. Thread-safe. */
public final class Clients {
    private static final int MAX_LOGGING_IN = 8;

    private final int maxLoggedIn;
    private final Set<Channel> loggingIn = new LinkedHashSet<>();
    private final Set<Channel> loggedIn = new LinkedHashSet<>();

    public Clients(int maxLoggedIn) {
        this.maxLoggedIn = maxLoggedIn;
    }

    /** Strangers cannot keep others out: the one who has been at it longest has to go. */
    void connected(Channel channel) {
        Channel oldest = null;
        synchronized (this) {
            loggingIn.add(channel);
            if (loggingIn.size() > MAX_LOGGING_IN) {
                oldest = loggingIn.iterator().next();
                loggingIn.remove(oldest);
            }
        }
        if (oldest != null) {
            oldest.close();
        }
        channel.closeFuture().addListener(_ -> gone(channel));
    }

    private synchronized void gone(Channel channel) {
        loggingIn.remove(channel);
        loggedIn.remove(channel);
    }

    synchronized boolean full() {
        return loggedIn.size() >= maxLoggedIn;
    }

    /**
     * @return false if there is no more room
     */
    synchronized boolean loggedIn(Channel channel) {
        loggingIn.remove(channel);
        return loggedIn.size() < maxLoggedIn && channel.isActive() && loggedIn.add(channel);
    }

    public synchronized int count() {
        return loggedIn.size();
    }

    synchronized List<Channel> others(Channel channel) {
        return loggedIn.stream().filter(c -> c != channel).toList();
    }

    public synchronized List<Channel> all() {
        var all = new ArrayList<>(loggingIn);
        all.addAll(loggedIn);
        return all;
    }
}
