package trivium.console;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import trivium.vm.LockStep;

/** Says what it is told to say, and keeps what it was asked. */
final class FakeLockStep implements LockStep {
    String vm;
    Options asked;
    Result answer = new Result(123_456_789, 2, "the guest powered off", Optional.empty());

    @Override
    public Result compare(String vm, Options options) {
        this.vm = vm;
        asked = options;
        options.serial().accept("hello\n".getBytes(StandardCharsets.UTF_8));
        options.goOn().test(100_000_000);
        return answer;
    }
}
