package trivium.console;

import java.util.List;
import java.util.OptionalLong;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.CodeListing;
import trivium.vm.Vm;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "disasm",
        description = "Shows guest code and what the engine made of it.",
        detailedDescription = "classpath:disasm.txt")
public final class DisasmCommand extends VmCommand {
    private static final int MOST = 1000;

    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.On.class)
    String name;

    @Argument(
            index = 1,
            name = "address",
            description = "Offset in the code segment, in hex; where the vCPU is, if left out")
    String address;

    @Option(name = "--vcpu", description = "Which vCPU, from 0 on")
    int vcpu;

    @Option(name = "--host", description = "Show the host code beside it, if there is any")
    boolean host;

    @Option(name = "--count", description = "Instructions at most, where nothing is translated")
    int count = 32;

    @Option(name = "--json", description = "Print a JSON object")
    boolean json;

    @Override
    void run() throws VmException {
        Vm vm = vm(name);
        if (count < 1 || count > MOST) {
            throw new VmException("--count %d is not 1 to %d".formatted(count, MOST));
        }
        CodeListing code = vm.disassemble(vcpu, rip(), count);
        if (json) {
            print(members(code));
        } else {
            out.println(title(code));
            CodeColumns.lines(code, host).forEach(out::println);
        }
    }

    private OptionalLong rip() throws VmException {
        if (address == null) {
            return OptionalLong.empty();
        }
        String digits = address.replaceFirst("^0[xX]", "").replace("_", "");
        try {
            return OptionalLong.of(Long.parseUnsignedLong(digits, 16));
        } catch (NumberFormatException _) {
            throw new VmException(
                    "'%s' is no address; one is written in hex: ffff80001234".formatted(address));
        }
    }

    private String title(CodeListing code) {
        String what =
                "%s, vCPU %d, engine %s: %d-bit code"
                        .formatted(name, code.vcpu(), code.engine(), code.mode());
        if (code.host().isEmpty()) {
            return what + (host ? ", not translated" : "");
        }
        int bytes = bytes(code.host());
        return "%s, %d bytes, translated to %d bytes".formatted(what, bytes(code.guest()), bytes);
    }

    private static int bytes(List<CodeListing.Line> lines) {
        return lines.stream().mapToInt(line -> (line.bytes().length() + 1) / 3).sum();
    }

    private Object members(CodeListing code) {
        return Json.object(
                "name", name,
                "vcpu", code.vcpu(),
                "engine", code.engine(),
                "mode", code.mode(),
                "guest", code.guest().stream().map(DisasmCommand::line).toList(),
                "host", code.host().stream().map(DisasmCommand::line).toList());
    }

    private static Object line(CodeListing.Line line) {
        return Json.object(
                "address", "%#x".formatted(line.address()),
                "bytes", line.bytes(),
                "text", line.text(),
                "guest", line.guest());
    }
}
