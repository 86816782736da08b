"""papaver: an executable, evidence-checked model of heroin and the other opioids in the human body."""
__version__ = "0.1.0"
