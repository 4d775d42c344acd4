import ArgumentParser

struct OutputOptions: ParsableArguments {
    @Flag(help: "Print the gateway's JSON answer as it came, for scripts.")
    var json = false
}
