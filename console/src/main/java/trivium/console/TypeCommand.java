package trivium.console;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.input.UsKeyboard;

@Service
@Command(
        scope = "vm",
        name = "type",
        description = "Types text on a VM's keyboard.",
        detailedDescription = "classpath:type.txt")
public final class TypeCommand extends VmCommand {
    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Running.class)
    String name;

    @Argument(
            index = 1,
            name = "text",
            description = "Words, typed with one space between; \\n is Enter, \\t Tab",
            required = true,
            multiValued = true)
    List<String> words;

    @Option(name = "--enter", description = "Press Enter at the end")
    boolean enter;

    @Override
    void run() throws Exception {
        String text = Typing.unescape(String.join(" ", words)) + (enter ? "\n" : "");
        Typing.send(vm(name), Typing.keys(() -> UsKeyboard.text(text)));
    }
}
