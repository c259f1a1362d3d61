package trivium.console;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Candidate;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.FileCompleter;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import trivium.cpu.CpuModel;
import trivium.input.UsKeyboard;
import trivium.vm.Benchmark;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmRegistry;
import trivium.vm.VmState;

/** Completes what is not the name of a VM: engines, models, keys, files. */
abstract class Choices implements Completer {
    @Reference VmRegistry vms;
    private final Function<VmRegistry, Stream<String>> choices;

    Choices(Function<VmRegistry, Stream<String>> choices) {
        this.choices = choices;
    }

    @Override
    public int complete(Session session, CommandLine line, List<String> candidates) {
        return new StringsCompleter(choices.apply(vms).toList())
                .complete(session, line, candidates);
    }

    /** Engines this host supports, and "auto". */
    @Service
    public static final class Engines extends Choices {
        public Engines() {
            super(vms -> usable(vms.engines()));
        }
    }

    @Service
    public static final class Mmus extends Choices {
        public Mmus() {
            super(vms -> usable(vms.mmuStrategies()));
        }
    }

    @Service
    public static final class Cpus extends Choices {
        public Cpus() {
            super(_ -> Arrays.stream(CpuModel.values()).map(CpuModel::id));
        }
    }

    @Service
    public static final class Devices extends Choices {
        public Devices() {
            super(vms -> vms.devices().stream().map(VmRegistry.DeviceInfo::model));
        }
    }

    @Service
    public static final class States extends Choices {
        public States() {
            super(_ -> Arrays.stream(VmState.values()).map(VmState::toString));
        }
    }

    @Service
    public static final class Keys extends Choices {
        public Keys() {
            super(_ -> Stream.concat(UsKeyboard.keyNames().stream(), Stream.of("ctrl-alt-del")));
        }
    }

    /** Kernels of the benchmark and their groups. It is looked for when asked: it may come late. */
    @Service
    public static final class Kernels implements Completer {
        @Override
        public int complete(Session session, CommandLine line, List<String> candidates) {
            Benchmark benchmark = session.getRegistry().getService(Benchmark.class);
            return new StringsCompleter(benchmark == null ? List.of() : benchmark.kernels())
                    .complete(session, line, candidates);
        }
    }

    /** Slots of drives whose medium can be changed, of any VM. */
    @Service
    public static final class RemovableDrives extends Choices {
        public RemovableDrives() {
            super(vms ->
                    vms.list().stream()
                            .flatMap(vm -> vm.config().boot().drives().stream())
                            .filter(d -> d.kind() != BlockKind.DISK)
                            .map(Drive::slot)
                            .distinct());
        }
    }

    /** A file, or eject. */
    @Service
    public static final class Media extends Choices {
        public Media() {
            super(_ -> Stream.of("eject"));
        }

        @Override
        public void completeCandidates(
                Session session, CommandLine line, List<Candidate> candidates) {
            super.completeCandidates(session, line, candidates);
            new Files().completeCandidates(session, line, candidates);
        }
    }

    /** Karaf's own completer of files is not offered as a service to other bundles. */
    @Service
    public static final class Files extends FileCompleter {
        @Override
        public void completeCandidates(
                Session session, CommandLine line, List<Candidate> candidates) {
            CurrentFolder.of(session);
            super.completeCandidates(session, line, candidates);
        }
    }

    private static Stream<String> usable(List<VmRegistry.StrategyInfo> strategies) {
        return Stream.concat(
                Stream.of("auto"),
                strategies.stream()
                        .filter(s -> s.unsupported().isEmpty())
                        .map(VmRegistry.StrategyInfo::name));
    }
}
