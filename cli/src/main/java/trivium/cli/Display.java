package trivium.cli;

import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.Optional;
import trivium.display.Screen;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.rfb.ConsoleTarget;
import trivium.rfb.RfbConfig;
import trivium.rfb.RfbServer;
import trivium.vm.Vm;
import trivium.vm.VmException;

/**
 * The VNC server of {@code trivium boot --vnc}. On loopback everybody on this host may look;
 * elsewhere viewers need the password that is printed.
 */
record Display(RfbServer server) implements AutoCloseable {
    private static final String LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";
    private static final int PASSWORD_LENGTH = 8;

    /** A VM as viewers see it. */
    private record Target(Vm vm) implements ConsoleTarget {
        @Override
        public String name() {
            return vm.id();
        }

        @Override
        public Optional<Screen> screen() {
            return vm.screen();
        }

        @Override
        public Optional<KeyboardSink> keyboard() {
            return vm.keyboard();
        }

        @Override
        public Optional<PointerSink> pointer() {
            return vm.pointer();
        }
    }

    /**
     * @param place HOST:PORT; empty: no server
     */
    static Display open(Optional<String> place, Vm vm, PrintStream err) throws VmException {
        if (place.isEmpty()) {
            return new Display(null);
        }
        int colon = place.get().lastIndexOf(':');
        int port = colon < 0 ? -1 : port(place.get().substring(colon + 1));
        if (port < 0) {
            throw new VmException("--vnc %s is not HOST:PORT".formatted(place.get()));
        }
        return bind(place.get().substring(0, colon).replaceAll("^\\[|]$", ""), port, vm, err);
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            return port <= 0xffff ? port : -1;
        } catch (NumberFormatException _) {
            return -1;
        }
    }

    private static Display bind(String host, int port, Vm vm, PrintStream err) throws VmException {
        String address = host.isEmpty() ? "127.0.0.1" : host;
        RfbConfig config = RfbConfig.withoutPassword();
        if (!loopback(address)) {
            String password = password();
            config = RfbConfig.withPassword(password);
            err.println("VNC password: " + password);
        }
        RfbServer server = new RfbServer(config, new Target(vm));
        try {
            int bound = server.bind(address, port);
            err.printf("VNC on %s:%d%n", address, bound);
            return new Display(server);
        } catch (VmException e) {
            server.close();
            throw e;
        }
    }

    private static boolean loopback(String host) throws VmException {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new VmException("VNC host '%s' is not known".formatted(host), e);
        }
    }

    private static String password() {
        SecureRandom random = new SecureRandom();
        StringBuilder password = new StringBuilder();
        for (int i = 0; i < PASSWORD_LENGTH; i++) {
            password.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return password.toString();
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }
}
