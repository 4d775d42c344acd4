import ArgumentParser

/// A length of time as people write it: `90d`, `12h`, `30m`, `45s`.
struct Lifetime: ExpressibleByArgument {
    let seconds: Int

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let last = argument.last, let unit = units[last], let count = Int(argument.dropLast()),
            (1...36_525).contains(count)
        else { return nil }
        seconds = count * unit
    }
}
