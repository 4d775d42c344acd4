/// Points of the monotonic clock. Everything here is given the time, nothing reads it.
package typealias Instant = ContinuousClock.Instant
