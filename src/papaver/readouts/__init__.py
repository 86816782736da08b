"""What is read off a finished time course: peaks, times, areas, half-lives, durations above a limit, detection windows."""

from papaver.readouts.curves import auc, cmax, crossing_time, half_life, time_above, tmax

__all__ = ["auc", "cmax", "crossing_time", "half_life", "time_above", "tmax"]
