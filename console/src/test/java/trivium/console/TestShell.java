package trivium.console;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.apache.karaf.shell.api.console.Command;
import org.apache.karaf.shell.api.console.Registry;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.Terminal;
import org.apache.karaf.shell.impl.action.command.ActionCommand;
import org.apache.karaf.shell.impl.action.command.ManagerImpl;
import org.apache.karaf.shell.impl.console.JLineTerminal;
import org.apache.karaf.shell.impl.console.RegistryImpl;
import org.apache.karaf.shell.impl.console.SessionFactoryImpl;
import org.apache.karaf.shell.support.parsing.CommandLineImpl;
import trivium.cpu.CpuCheck;

/** Karaf's shell with this bundle's commands on fake VMs: tests type, and read what is printed. */
final class TestShell implements AutoCloseable {
    static final List<Class<?>> COMMANDS =
            List.of(
                    ListCommand.class,
                    InfoCommand.class,
                    CreateCommand.class,
                    StartCommand.class,
                    ShutdownCommand.class,
                    StopCommand.class,
                    ForkCommand.class,
                    BalloonCommand.class,
                    HvMemoryCommand.class,
                    PauseCommand.class,
                    ResumeCommand.class,
                    ResetCommand.class,
                    DeleteCommand.class,
                    MediaCommand.class,
                    EngineCommand.class,
                    AdviseCommand.class,
                    MmuCommand.class,
                    StatsCommand.class,
                    ConsoleCommand.class,
                    SendKeyCommand.class,
                    TypeCommand.class,
                    WaitForCommand.class,
                    ScreenshotCommand.class,
                    LogCommand.class,
                    VncCommand.class,
                    RegistersCommand.class,
                    DisasmCommand.class,
                    TopCommand.class,
                    LockStepCommand.class,
                    HvEnginesCommand.class,
                    HvBenchCommand.class,
                    HvCpuCheckCommand.class,
                    HvDevicesCommand.class,
                    HvDisplaysCommand.class,
                    HvBundleUsersCommand.class,
                    HvRemoveCommand.class,
                    HvInfoCommand.class);
    private static final List<Class<?>> COMPLETERS =
            List.of(
                    VmNames.Any.class,
                    VmNames.Off.class,
                    VmNames.On.class,
                    VmNames.Running.class,
                    VmNames.Paused.class,
                    Bundles.Used.class,
                    Choices.Engines.class,
                    Choices.Mmus.class,
                    Choices.Cpus.class,
                    Choices.Devices.class,
                    Choices.States.class,
                    Choices.Keys.class,
                    Choices.Kernels.class,
                    Choices.RemovableDrives.class,
                    Choices.Media.class,
                    Choices.Files.class);

    final FakeRegistry vms = new FakeRegistry();
    final FakeBundles bundles = new FakeBundles();
    final FakeDisplays displays = new FakeDisplays();
    final FakeLockStep lockStep = new FakeLockStep();
    final FakeBenchmark benchmark = new FakeBenchmark();
    final CpuCheck cpuCheck =
            () ->
                    new CpuCheck.Report(
                            List.of(
                                    new CpuCheck.Finding("cpu", "lm", "64-bit", true, "", ""),
                                    new CpuCheck.Finding(
                                            "speed", "exit", "Exit", 7.5, "µs", "quick")));
    final EventLog log = new EventLog();
    private final ThreadIOImpl io = new ThreadIOImpl();
    private final SessionFactoryImpl factory;
    private Path directory = Path.of("").toAbsolutePath();
    private Terminal terminal;
    private String answer = "no";
    private final Map<String, String> variables = new HashMap<>();
    private InputStream keys = new ByteArrayInputStream(new byte[0]);

    TestShell() {
        io.start();
        factory =
                new SessionFactoryImpl(io) {
                    @Override
                    protected Function wrap(Command command) {
                        return (gogo, words) ->
                                command.execute(
                                        (Session) gogo.get(".session"),
                                        command instanceof ActionCommand action
                                                ? ordered(action, words)
                                                : words);
                    }
                };
        factory.register(vms);
        factory.register(bundles.context());
        factory.register(lockStep);
        factory.register(benchmark);
        factory.register(cpuCheck);
        factory.register(displays);
        factory.register(log);
        var manager = new ManagerImpl(factory, factory);
        COMPLETERS.forEach(manager::register);
        COMMANDS.forEach(manager::register);
    }

    /** As Karaf's SecuredCommand and bundle jdk-compat do. */
    private static List<Object> ordered(ActionCommand command, List<Object> words) {
        List<Object> strings =
                words.stream().map(w -> w instanceof CharSequence ? w.toString() : w).toList();
        return new OptionsFirst(command.getActionClass()).order(strings);
    }

    TestShell in(Path directory) {
        this.directory = directory;
        return this;
    }

    /** A variable of the session, as ssh clients may give some. */
    TestShell with(String variable, String value) {
        variables.put(variable, value);
        return this;
    }

    TestShell withKeys(String typed) {
        keys = new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    TestShell on(org.jline.terminal.Terminal terminal) {
        this.terminal = new JLineTerminal(terminal);
        return this;
    }

    /** Somebody who gives this answer to any question. */
    TestShell answering(String given) {
        answer = given;
        return this;
    }

    Registry registry() {
        return factory.getRegistry();
    }

    /** What a command line prints, without escape sequences for style. */
    String run(String line) throws Exception {
        return raw(line).replaceAll("\u001b\\[[0-9;]*m", "");
    }

    String raw(String line) throws Exception {
        var bytes = new ByteArrayOutputStream();
        var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        try (CommandSession gogo = factory.getCommandProcessor().createSession(keys, out, out)) {
            gogo.put("SCOPE", "vm:*");
            variables.forEach(gogo::put);
            gogo.put(".session", session(gogo, out));
            gogo.execute(line);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** The message of the error that a command line ends in. */
    String error(String line) {
        try {
            String printed = run(line);
            throw new AssertionError("no error; printed: " + printed);
        } catch (Exception e) {
            return e.getMessage();
        }
    }

    /** What Tab offers at the end of a line "vm:stop x" of one command and its words. */
    List<String> complete(String line) {
        String[] words = line.split(" ", -1);
        int colon = words[0].indexOf(':');
        var command =
                factory.getRegistry()
                        .getCommand(words[0].substring(0, colon), words[0].substring(colon + 1));
        var candidates = new ArrayList<String>();
        String last = words[words.length - 1];
        command.getCompleter(true)
                .complete(
                        session(null, System.out),
                        new CommandLineImpl(
                                words, words.length - 1, last.length(), line.length(), line),
                        candidates);
        return candidates.stream().map(String::trim).toList();
    }

    /** As much of a session as commands use; Karaf's own needs a woven class on this JDK. */
    private Session session(CommandSession gogo, PrintStream out) {
        return (Session)
                Proxy.newProxyInstance(
                        Session.class.getClassLoader(),
                        new Class<?>[] {Session.class},
                        (self, method, arguments) ->
                                switch (method.getName()) {
                                    case "getRegistry" -> registry((Session) self);
                                    case "getFactory" -> factory;
                                    case "getConsole" -> out;
                                    case "getKeyboard" -> keys;
                                    case "currentDir" -> {
                                        if (arguments != null) {
                                            directory = (Path) arguments[0];
                                        }
                                        yield directory;
                                    }
                                    case "get" ->
                                            gogo == null ? null : gogo.get((String) arguments[0]);
                                    case "put" -> gogo.put((String) arguments[0], arguments[1]);
                                    case "getTerminal" -> terminal;
                                    case "hashCode" -> System.identityHashCode(self);
                                    case "equals" -> self == arguments[0];
                                    case "resolveCommand" -> arguments[0];
                                    case "readLine" -> answer;
                                    default -> throw new AssertionError(method);
                                });
    }

    private RegistryImpl registry(Session session) {
        var registry = new RegistryImpl(factory);
        registry.register(session);
        return registry;
    }

    @Override
    public void close() {
        factory.stop();
        io.stop();
    }
}
